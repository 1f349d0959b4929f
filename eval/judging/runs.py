"""Pairs of answers from the folders of two runs, and the models that made them."""

import math
import re
from collections.abc import Mapping
from typing import Any

from ...errors import CopeError
from ..run.store import QuestionResult, StoredRun
from .pairs import AnswerPair

NO_ANSWER = "(no answer)"

_TURN = re.compile(r"-turn-\d+$")


def pairs_of_runs(run: StoredRun, reference: StoredRun) -> list[AnswerPair]:
    """Return the answers of a run, each with that of another run to the same question.

    Turns of a conversation belong to one group. A later turn is judged with the conversation that
    each run had.

    Raises:
        CopeError: when the runs have no question in common, or only one of them has all.
    """
    ours, theirs = run.answered, reference.answered
    shared = [key for key in ours if key in theirs]
    if not shared:
        raise CopeError(
            f"{run.path.name} and {reference.path.name} have no question in common: evaluate both "
            "on the same questions"
        )
    return [_pair(ours[key], theirs[key]) for key in shared]


def _pair(ours: QuestionResult, theirs: QuestionResult) -> AnswerPair:
    question, answer = ours.question, ours.answer or NO_ANSWER
    reference = theirs.answer or NO_ANSWER
    if question != theirs.question:
        question = question.rpartition("\n\n")[2]
        answer = f"{ours.question}\n\nReply: {answer}"
        reference = f"{theirs.question}\n\nReply: {reference}"
    return AnswerPair(
        ours.key, group_of(ours.id), question, answer, reference, confidence_values(ours)
    )


def group_of(question_id: str) -> str:
    """Return the conversation that a question belongs to, whose turns depend on each other.

    >>> group_of("81-turn-2"), group_of("81")
    ('81', '81')
    """
    return _TURN.sub("", question_id)


def confidence_values(result: QuestionResult) -> dict[str, float]:
    """Return the values of confidences in an answer, by their names.

    That is the confidence of the round that answered, before it is ranked, and those that follow
    from the log-probabilities of the answer's sample.
    """
    if not result.rounds:
        return {} if result.confidence is None else {"confidence": result.confidence}
    last = result.rounds[-1]
    values: dict[str, float] = {}
    value = last.get("raw_confidence")
    values[last.get("kind") or "confidence"] = last["confidence"] if value is None else value
    chosen: Mapping[str, Any] = {}
    for sample in last.get("samples", []):
        if last["supporters"] and sample["index"] == last["supporters"][0]:
            chosen = sample
    for name, field in (("perplexity", "logprob_mean"), ("lowest-window", "logprob_window")):
        logprob = chosen.get(field)
        if logprob is not None:
            values[name] = math.exp(logprob)
    return values


def family_of(model: str) -> str:
    """Return the family of a model, from the letters that its name begins with.

    >>> family_of("local/qwen2.5-coder-1.5b"), family_of("openai/gpt-4o-mini")
    ('qwen', 'gpt')
    """
    match = re.match(r"[a-z]+", model.rpartition("/")[2].lower())
    return match[0] if match else model


def family_advice(judge: str, models: Mapping[str, str]) -> str | None:
    """Return a line that advises another judge, when it is of the family of a judged model.

    >>> family_advice("openai/gpt-4o", {"small": "local/qwen2.5-coder-0.5b"}) is None
    True
    """
    related = [name for name, model in models.items() if family_of(model) == family_of(judge)]
    if not related:
        return None
    return (
        f"the judge {judge} is of the family of the {' and the '.join(related)} tier, and judges "
        "prefer their own kind: take one of another family than both"
    )
