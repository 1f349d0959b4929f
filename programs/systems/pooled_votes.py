"""Votes of samples that several prompts or models gave, and the record of their stage."""

from collections.abc import Sequence
from typing import Any

from ...answers.kinds.base import AnswerKind
from ..confidence.base import Sample, Verdict
from ..confidence.votes import VoteShare
from ..results import sample_record
from ..round_record import RoundRecord, SampleRecord


async def pool_votes(samples: Sequence[Sample], answers: AnswerKind) -> Verdict:
    """Return the verdict of samples that vote with their answers.

    The confidence is the share of all samples that gave the leading answer. A tie goes to the
    answer that comes first.

    Args:
        samples: numbered from 0, in the order that breaks ties.
        answers: how two answers are compared.
    """
    tally = VoteShare().tally([sample.index for sample in samples], answers=answers)
    for sample in samples:
        await tally.add(sample)
    return tally.verdict()


def samples_of(records: Sequence[SampleRecord], first: int = 0) -> list[Sample]:
    """Return the samples of a stage's record as samples, numbered from `first`."""
    samples = []
    for number, record in enumerate(records, first):
        answer, reasoning = record["answer"], record["reasoning"]
        samples.append(Sample(number, reasoning=reasoning, answer=answer))
    return samples


def pooled_record(
    samples: Sequence[Sample],
    verdict: Verdict,
    *,
    accepted: bool,
    threshold: float,
    seconds: float,
    confidence: float | None = None,
) -> RoundRecord:
    """Return the record of a first stage.

    Args:
        samples: all its samples.
        verdict: their votes.
        accepted: whether the answer is accepted.
        threshold: with which the confidence is compared.
        seconds: wall time of the stage.
        confidence: what decides; None for the share of the votes.
    """
    return {
        "round": 1,
        "kind": VoteShare.kind,
        "accepted": accepted,
        "answer": verdict.answer,
        "confidence": verdict.confidence if confidence is None else confidence,
        "threshold": threshold,
        "votes": dict(verdict.votes),
        "supporters": list(verdict.supporters),
        "asked": len(samples),
        "plan": None,
        "samples": [sample_record(sample) for sample in samples],
        "seconds": seconds,
    }


def first_stage_answer(record: RoundRecord) -> dict[str, Any]:
    """Return the fields of a prediction that the first stage answers."""
    return {
        "answer": record["answer"],
        "round": 1,
        "confidence": record["confidence"],
        "votes": record["votes"],
        "rounds": [record],
    }
