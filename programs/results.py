"""The result of a question as plain data: round records, the answer, the usage."""

from collections.abc import Mapping
from typing import Any, cast

import dspy

from ..models import Meter
from ..models.usage_row import UsageRow
from ..sandbox import TestOutcome
from .cascade_round import CascadeRound
from .confidence.base import Sample
from .round_record import OutcomeRecord, RoundRecord, SampleRecord, kind_of
from .systems.stage_scope import stage_number


def make_round_record(
    round_: CascadeRound, result: dspy.Prediction, seconds: float, early_stop: str
) -> RoundRecord:
    """Return the record of a round, for the prediction and for the records of an evaluation."""
    verdict = result.verdict
    record: RoundRecord = {
        "round": stage_number(round_.number),
        "kind": verdict.kind,
        "accepted": result.accepted,
        "answer": verdict.answer,
        "confidence": verdict.confidence,
        "threshold": round_.spec.threshold,
        "votes": dict(verdict.votes),
        "supporters": list(verdict.supporters),
        "asked": len(result.samples),
        "early_stop": early_stop,
        "plan": result.plan or None,
        "samples": [sample_record(sample) for sample in result.samples],
        "seconds": seconds,
    }
    undrawn = result.get("undrawn")  # a cached result of an earlier version does not say it
    if undrawn:
        record["undrawn"] = undrawn
    if verdict.raw is not None:
        record["raw_confidence"] = verdict.raw
    record["kind"] = kind_of(record)  # a cached verdict of an earlier version does not name it
    return record


def sample_record(sample: Sample) -> SampleRecord:
    """Return a sample as plain data, with the outcomes of its tests when it is a program."""
    plain: SampleRecord = {
        "index": sample.index,
        "plan": sample.plan or None,
        "reasoning": sample.reasoning,
        "answer": sample.answer,
    }
    if sample.vote_label is not None:
        plain["ballot"] = sample.vote_label
    if sample.report is not None:
        plain["tests"] = [_test(outcome) for outcome in sample.report.outcomes]
    if sample.cut:
        plain["cut"] = True
    if sample.refused:
        plain["refused"] = True
    if sample.logprob_mean is not None and sample.logprob_window is not None:
        plain["logprob_mean"] = sample.logprob_mean
        plain["logprob_window"] = sample.logprob_window
    if sample.p_true is not None:
        plain["p_true"] = sample.p_true
    return plain


def _test(outcome: TestOutcome) -> OutcomeRecord:
    return {
        "test": outcome.test,
        "passed": outcome.passed,
        "message": outcome.message,
        "value": outcome.value,
    }


def usage_summary(meter: Meter) -> dict[str, Any]:
    """Return the usage and the cost of the metered calls.

    Returns:
        `usage` (calls, tokens, money and seconds by tier, round and role; replies of a cache have
        rows of their own), `cost` (USD, None when it is not known exactly), `cost_bounds` (at least
        and at most; None when a price is unknown) and `spent_bounds` (the same of the calls that no
        cache answered).
    """
    usage = meter.group_by("tier", "round", "role", "cache_hit")
    rows: list[UsageRow] = []
    for (tier, number, role, _), use in usage.items():
        row: dict[str, Any] = {"tier": tier, "round": number, "role": role}
        row.update(use.as_dict())
        rows.append(cast(UsageRow, row))
    total = next(iter(usage.values())) if len(usage) == 1 else meter.total()
    spent = meter.total(cache_hit=False) if total.hits else total
    return {
        "usage": rows,
        "cost": None if total.unpriced else total.usd,
        "cost_bounds": total.cost.as_list(),
        "spent_bounds": spent.cost.as_list(),
    }


def final_answer(records: list[RoundRecord]) -> dict[str, Any]:
    """Return the answer of the last round that ran, its votes, tests and plan, and all records."""
    last = records[-1]
    winner: Mapping[str, Any] = {}
    for sample in last.get("samples", []):
        if last["supporters"] and sample["index"] == last["supporters"][0]:
            winner = sample
    plan = winner.get("plan")
    if not plan:
        plan = next((record["plan"] for record in reversed(records) if record["plan"]), None)
    return {
        "answer": last["answer"],
        "confidence": last["confidence"],
        "round": last["round"],
        "plan": plan,
        "votes": last["votes"],
        "tests": winner.get("tests", []),
        "rounds": records,
    }
