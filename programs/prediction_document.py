"""A prediction as plain data, for JSON documents."""

from pathlib import Path
from typing import Any

import dspy

from .cascade import Cascade
from .model_time import prediction_time
from .reply_counts import ReplyCounts

_FIELDS = (
    "answer",
    "confidence",
    "round",
    "plan",
    "votes",
    "tests",
    "rounds",
    "early_stop",
    "usage",
    "cost",
    "cost_bounds",
    "spent_bounds",
    "seconds",
)


def prediction_document(
    question: str, cascade: Cascade, prediction: dspy.Prediction, file: Path | None = None
) -> dict[str, Any]:
    """Return all that happened, as plain data.

    Args:
        question: the question.
        cascade: the program that answered.
        prediction: its prediction.
        file: the file of the program; None for a preset.

    >>> from cope.models import ScriptedEngine, Team
    >>> engine = ScriptedEngine(lambda messages, request: "Answer: 4")
    >>> cascade = Cascade("small", Team(engine, engine, cache=False))
    >>> document = prediction_document("2 + 2?", cascade, cascade(question="2 + 2?"))
    >>> document["answer"], document["round"], document["votes"], document["preset"]
    ('4', 1, {'4': 1}, 'small')
    """
    document: dict[str, Any] = {"question": question}
    for name in _FIELDS:
        document[name] = prediction[name]
    if "members" in prediction:
        document["members"] = prediction.members
    document["answer_kind"] = cascade.answer_kind
    replies = ReplyCounts.of_rounds(prediction.rounds)
    document["replies"] = replies.as_dict() if replies else None
    document["preset"] = cascade.preset.name
    document["program_file"] = str(file) if file else None
    document["models"] = {tier: cascade.team[tier].model for tier in cascade.preset.tiers}
    took = prediction_time(prediction, cascade)
    document["model_time"] = None if took is None else took.as_dict()
    return document
