"""The record of one round as plain data: in predictions, in run folders and in reports."""

from typing import (
    Annotated,
    NotRequired,  # pydantic checks these on Python 3.11
)

from annotated_types import Ge, Le
from typing_extensions import TypedDict


class OutcomeRecord(TypedDict):
    """The outcome of one test of a program; `value` is the `repr` of an expression's value."""

    test: str
    passed: bool
    message: str
    value: str | None


class SampleRecord(TypedDict):
    """One sample of a round.

    Attributes:
        ballot: the sample's vote, when that is not its answer.
        tests: outcomes of the tests or calls that a program was run on.
        cut: whether the reply ended at the limit of tokens.
        refused: whether the reply says that there is no answer, or that none will be given.
        logprob_mean: mean log-probability of the reply's tokens, where it was requested.
        logprob_window: lowest mean log-probability of 16 successive tokens.
        p_true: the model's own probability that the answer is right, where it was asked.
    """

    index: int
    plan: str | None
    reasoning: str
    answer: str | None
    ballot: NotRequired[str]
    tests: NotRequired[list[OutcomeRecord]]
    cut: NotRequired[bool]
    refused: NotRequired[bool]
    logprob_mean: NotRequired[float]
    logprob_window: NotRequired[float]
    p_true: NotRequired[float]


class HedgeRecord(TypedDict):
    """The plan of the next round, which was started before this round was decided.

    Attributes:
        used: whether the question escalated.
        seconds: wall time that it saved.
    """

    used: bool
    seconds: float


class RoundRecord(TypedDict):
    """One round of a question.

    Attributes:
        round: from 1.
        kind: the confidence that decided; records of earlier versions lack it, see `kind_of`.
        confidence: 0 to 1.
        raw_confidence: the value whose rank the confidence is, see `Confidence.ranks`.
        threshold: None in the last round, whose answer is returned.
        votes: supporters of each vote, the leading vote first.
        supporters: indices of the samples behind the answer.
        asked: samples drawn.
        early_stop: the rule for stopping early; a replay has none.
        plan: the forwarded plan.
        samples: the samples drawn; a replay leaves them in its recording.
        seconds: wall time of the round; a replay has none.
        hedge: the next round's plan, where it was started early.
        undrawn: samples left out, where the round was left because they were not worth their cost,
            see `give_up.py`.
    """

    round: int
    kind: NotRequired[str]
    accepted: bool
    answer: str | None
    confidence: Annotated[float, Ge(0), Le(1)]
    raw_confidence: NotRequired[float]
    threshold: float | None
    votes: dict[str, int]
    supporters: list[int]
    asked: Annotated[int, Ge(0)]
    early_stop: NotRequired[str]
    plan: str | None
    samples: NotRequired[list[SampleRecord]]
    seconds: NotRequired[float]
    hedge: NotRequired[HedgeRecord]
    undrawn: NotRequired[Annotated[int, Ge(0)]]


def is_ranked(record: RoundRecord) -> bool:
    """Return whether the threshold of a round was compared with a rank, see `Confidence.ranks`."""
    return "raw_confidence" in record and record.get("threshold") is not None


def kind_of(record: RoundRecord) -> str:
    """Return the name of the confidence that decided a round.

    A record of an earlier version does not name it, and it follows from the samples: an answer
    votes for itself; a program is run on tests, which are statements without a value, or on calls,
    which have one.

    Args:
        record: a round's record, of this version or an earlier one.

    >>> kind_of({"answer": "passes", "votes": {"passes": 1}, "samples": [{"answer": "passes"}]})
    'votes'
    """
    kind = record.get("kind")
    if kind:
        return kind
    samples = record.get("samples", [])
    outcomes = [outcome for sample in samples for outcome in sample.get("tests", [])]
    if not outcomes:
        no_votes = record["answer"] is not None and not record["votes"]
        return "outputs" if no_votes else "votes"
    values = [outcome.get("value") for outcome in outcomes if outcome["passed"]]
    if values:
        return "tests" if None in values else "outputs"
    # Programs that fail on every call have no vote; those that fail every test vote for that.
    return "tests" if any("ballot" in sample for sample in samples) else "outputs"
