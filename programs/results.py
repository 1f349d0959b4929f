"""What a question came to, as plain data: each round's record, the answer, what was used."""

from typing import Any

import dspy

from ..models import Meter, Usage
from .cascade_round import CascadeRound
from .confidence.base import Sample


def record_of(
    round_: CascadeRound, result: dspy.Prediction, seconds: float, early_stop: str
) -> dict[str, Any]:
    """A round as plain data, for the prediction and for the records of an evaluation."""
    verdict = result.verdict
    return {
        "round": round_.number,
        "accepted": result.accepted,
        "answer": verdict.answer,
        "confidence": verdict.confidence,
        "threshold": round_.spec.threshold,
        "votes": dict(verdict.votes),
        "supporters": list(verdict.supporters),
        "asked": len(result.samples),
        "early_stop": early_stop,
        "plan": result.plan,
        "samples": [_sample(sample) for sample in result.samples],
        "seconds": seconds,
    }


def _sample(sample: Sample) -> dict[str, Any]:
    """A sample as plain data, with what came of its tests where it is a program."""
    plain = {name: getattr(sample, name) for name in ("index", "plan", "reasoning", "answer")}
    if sample.ballot is not None:
        plain["ballot"] = sample.ballot
    if sample.report is not None:
        plain["tests"] = [vars(outcome) for outcome in sample.report.outcomes]
    return plain


def used(meter: Meter) -> dict[str, Any]:
    """Calls, tokens and seconds by tier, round and role, and what they cost."""
    usage = meter.by("tier", "round", "role")
    total: Usage = meter.total()
    return {
        "usage": [
            {"tier": t, "round": r, "role": role, **use.as_dict()}
            for (t, r, role), use in usage.items()
        ],
        "cost": total.usd if not total.unpriced else None,
    }


def answered(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer of the last round that ran, and how it came about."""
    last = records[-1]
    winner: dict[str, Any] = next(
        (s for s in last["samples"] if s["index"] in last["supporters"][:1]), {}
    )
    return {
        "answer": last["answer"],
        "confidence": last["confidence"],
        "round": last["round"],
        "plan": winner.get("plan")
        or next((r["plan"] for r in reversed(records) if r["plan"]), None),
        "votes": last["votes"],
        "tests": winner.get("tests", []),
        "rounds": records,
    }
