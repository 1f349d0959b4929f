"""Ask a system one question, and meter what it calls."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from ...errors import CopeError
from ...models import call_labels, metered
from ...models.usage_row import UsageRow
from ..agent.records import StepRecord
from ..results import usage_summary
from ..round_record import RoundRecord
from .base import System


@dataclass(frozen=True)
class SystemAnswer:
    """What a system answered, and what it took.

    Attributes:
        answer: None when none could be read.
        round: the stage that answered, from 1.
        confidence: 0 to 1; None where the system gives none.
        votes: supporters of each vote.
        rounds: a record of each stage that was asked.
        usage: by tier, stage and role.
        usd: None when a price is not known.
        seconds: wall time.
        steps: a record of each step, where the question took several.
    """

    answer: str | None
    round: int
    confidence: float | None
    votes: dict[str, int]
    rounds: list[RoundRecord]
    usage: list[UsageRow]
    usd: float | None
    seconds: float
    steps: list[StepRecord] = field(default_factory=list)


async def ask_system(system: System, inputs: Mapping[str, Any]) -> SystemAnswer:
    """Ask a system one question.

    Args:
        system: the system.
        inputs: `question`, and what comes with it.

    Raises:
        CopeError: for a prediction without an answer, or of a stage that the system does not have.
        dspy.LMError: when a model failed.
    """
    started = time.perf_counter()
    with metered() as meter, call_labels(round=1, role="reason"):
        try:
            prediction = await system.acall(**inputs)
        except AdapterParseError:  # nothing could be read: no answer, as of a cascade's sample
            prediction = dspy.Prediction(answer=None)
    seconds = time.perf_counter() - started
    if "answer" not in prediction:
        raise CopeError(
            f"the system {system.name!r} gave a prediction without `answer`: it must set one, None "
            "where none could be read"
        )
    number = prediction.get("round")
    if number is None:
        number = max((call.round for call in meter.calls), default=1)
    if not 1 <= number <= len(system.stages):
        raise CopeError(
            f"the system {system.name!r} answered in stage {number}, and it has "
            f"{len(system.stages)}: its package must name all stages"
        )
    usage = usage_summary(meter)
    rounds = prediction.get("rounds") or [_record(prediction, number, seconds)]
    return SystemAnswer(
        answer=prediction.answer,
        round=number,
        confidence=prediction.get("confidence"),
        votes=prediction.get("votes") or dict(rounds[-1]["votes"]),
        rounds=rounds,
        usage=usage["usage"],
        usd=usage["cost"] if meter.calls else 0.0,
        seconds=seconds,
        steps=prediction.get("steps") or [],
    )


def _record(prediction: dspy.Prediction, number: int, seconds: float) -> RoundRecord:
    """Return the record of the stage that answered, from a prediction that has no records."""
    answer = prediction.answer
    confidence = prediction.get("confidence")
    votes = prediction.get("votes")
    if not votes:
        votes = {} if answer is None else {answer: 1}
    if confidence is None:
        confidence = 0.0 if answer is None else 1.0  # the share of one sample
    return {
        "round": number,
        "kind": "votes",
        "accepted": True,
        "answer": answer,
        "confidence": confidence,
        "threshold": None,
        "votes": votes,
        "supporters": [] if answer is None else [0],
        "asked": 1,
        "plan": None,
        "samples": [
            {"index": 0, "plan": None, "reasoning": _reasoning(prediction), "answer": answer}
        ],
        "seconds": seconds,
    }


def _reasoning(prediction: dspy.Prediction) -> str:
    return str(prediction.get("reasoning") or "")
