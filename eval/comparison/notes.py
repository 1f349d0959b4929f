"""The sentences below the tables of a comparison."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...models.cost import CostBounds
from ...programs.reply_counts import ReplyCounts
from ...stats.bootstrap import Estimate
from ...stats.measures import MEASURES
from ..judging.aucs import judged_lines
from .compare import Comparison
from .formats import format_interval, format_points, format_ratio
from .left_out import left_out_lines
from .margin import margin_test
from .model_time import model_time_notes
from .plan_share import plan_share_lines
from .routing_baselines import RoutingBaselines
from .saving_line import saving_line
from .tables_of_many import has_many_systems, systems_against_envelope
from .text import conclusion


def comparison_notes(comparison: Comparison, document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences of a comparison, one a line.

    Args:
        comparison: the comparison.
        document: the same as plain data, with `unknown`, `failed` and `calls`, and optionally
            `matched`, `calibration`, `replies`, `plans`, `judged` and `left_out`.
    """
    has_many = has_many_systems(comparison)
    if not has_many:
        yield from _pair_notes(comparison)
    yield from _matched_accuracy_notes(comparison, document)
    yield from _routing_notes(comparison)
    yield from _envelope_notes(comparison, has_many)
    if comparison.flips:
        yield (
            f"helped, harmed: questions on which only the system, only {comparison.reference} is "
            "right, by the round of the system that answered; churn: both. --json has their ids."
        )
    if not all(pair.significant for pair in comparison.pairs):
        yield (
            "open: p (Holm) above 0.05. The number of questions and the detectable difference are "
            "for a power of 80%."
        )
    if any(pair.has_exact_bounds for pair in comparison.pairs):
        yield (
            "Where the two differ on fewer than 10 questions, the interval is made of exact bounds "
            "instead of the bootstrap."
        )
    if comparison.groups:
        yield (
            "Questions of a group are not independent: p is of the sign-flip test over whole "
            "groups instead of McNemar's."
        )
    yield from plan_share_lines(document.get("plans") or {}, comparison.last_tier, has_many)
    yield from model_time_notes(document.get("model_time") or {}, has_many)
    yield from judged_lines(document.get("judged") or {})
    yield from _calibration_notes(document)
    yield from _exclusion_notes(comparison, document)
    yield from left_out_lines(document.get("left_out") or {})
    yield from (document.get("repeats") or {}).get("lines", ())
    calls = document["calls"]
    if calls:
        cost = CostBounds(calls.get("usd_low", 0.0), calls.get("usd_high"))
        yield (
            f"{calls['made']:,} calls were made (cost: {cost.text}), of which {calls['stopped']:,} "
            f"were stopped early, and {calls['shared']:,} more were shared; what a system costs is "
            "what it would cost alone."
        )
    yield saving_line(comparison)


def _pair_notes(comparison: Comparison) -> Iterator[str]:
    """Yield of each pair its conclusion, and whether it holds within the margin."""
    for pair in comparison.pairs:
        yield f"{conclusion(pair, comparison)}."
        yield f"{margin_test(pair, comparison.margin).text}."


def _exclusion_notes(comparison: Comparison, document: Mapping[str, Any]) -> Iterator[str]:
    """Yield which questions and answers are not counted, and what is unknown because of it."""
    for name, reasons in document["unknown"].items():
        for why, count in reasons.items():
            yield f"{name}: {count} questions are not in its figures: {why}"
    for name, counts in document.get("replies", {}).items():
        text = ReplyCounts(**counts).text() if counts else ""
        if text:
            yield f"{name}: {text}"
    incomplete = [name for name, one in comparison.summaries.items() if one.missing]
    if incomplete:
        yield (
            f"{', '.join(incomplete)}: accuracy is over all questions, if those without an outcome "
            "were wrong and if they were right. The cost of all questions is unknown, and so there "
            "is no comparison with random and the oracle, and no dot in the picture of accuracy by "
            "cost."
        )
    for pair in comparison.pairs:
        if pair.unpaired:
            yield (
                f"{pair.system} and {pair.reference}: {pair.unpaired} questions have only one of "
                "the two outcomes and are left out of the pair. They may be harder or easier than "
                "the others."
            )
    has_unknown_cost = any(one.costs["cost"] is None for one in comparison.summaries.values())
    if document["calls"] and document["calls"]["stopped"] and has_unknown_cost:
        yield (
            "Money is unknown also where a call was stopped early that had no limit of tokens, or "
            "whose usage an earlier version did not keep: --early-stop none."
        )
    if document["failed"]:
        yield f"a model failed on {len(document['failed'])} answers, which count nowhere"


def _routing_notes(comparison: Comparison) -> Iterator[str]:
    """Yield what the two baselines are, and at which system they start."""
    rows, last = comparison.routing_baselines.get(comparison.measure), comparison.last_tier
    if not rows:
        return
    yield (
        f"random sends each question to {last} with one fixed chance, else to its start: its cost "
        "for the same accuracy, and its accuracy for the same cost. "
        f"oracle asks {last} on just the questions that its start gets wrong and {last} right, as "
        f"many as that cost pays for. Both start at the system here that never asks {last} and "
        f"does best at that cost: {_starts_phrase(rows)}. gain: points above random; closed: share "
        "of the way from random to the oracle."
    )


def _starts_phrase(rows: Mapping[str, RoutingBaselines]) -> str:
    """Return the start of the baselines of most systems, and the others with their systems."""
    systems: dict[str, list[str]] = {}
    for name, baselines in rows.items():
        systems.setdefault(baselines.start, []).append(name)
    most, *others = sorted(systems, key=lambda start: -len(systems[start]))
    return "; ".join([most, *[f"{start} for {', '.join(systems[start])}" for start in others]])


def _envelope_notes(comparison: Comparison, has_table: bool) -> Iterator[str]:
    """Yield whether each cascade lies above the pairwise envelope, or how to read its table."""
    systems = systems_against_envelope(comparison)
    if not has_table:
        for one in systems:
            yield f"{one.text}."
    elif systems:
        yield (
            "pairwise envelope: points above the best mixture of two other systems that costs no "
            "more; open: the interval contains 0."
        )


def _matched_accuracy_notes(comparison: Comparison, document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the cost of the recording's own cascade at the accuracy of the last tier alone."""
    matched = document.get("matched") or []
    parts = []
    for entry in matched:
        share, difference = _estimate(entry["share"]), _estimate(entry["difference"])
        if share is None or difference is None:
            continue
        target = "the same accuracy"
        if entry["below"]:
            target = f"at most {format_points(entry['below']).lstrip('+')} points less"
        measured = f"measured {format_points(difference.value)}, {format_interval(difference)}"
        parts.append(f"{format_ratio(share)} for {target} ({measured})")
    if not parts:
        return
    first, last = matched[0], comparison.last_tier
    left_out = ""
    if first["left_out"]:
        left_out = f"; {first['left_out']} are left out, since the record lacks their calls"
    yield (
        f"cost at {last}'s accuracy, in {MEASURES[comparison.measure].description_for(last)}: of "
        f"what {last} alone takes, {first['program']} needs {', and '.join(parts)}. Thresholds and "
        "samples are the cheapest such on one half of the questions, measured on the other, and "
        f"the other way round ({first['questions']} questions{left_out})."
    )


def _estimate(numbers: Mapping[str, float | None]) -> Estimate | None:
    """Return an estimate from plain data; None if one of its numbers is not finite."""
    value, low, high = numbers["value"], numbers["low"], numbers["high"]
    if value is None or low is None or high is None:
        return None
    return Estimate(value, low, high)


def _calibration_notes(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the guarantee of a calibrated system, and the questions of the comparison."""
    calibration = document.get("calibration")
    if not calibration:
        return
    which = "served only to test its setting"
    if calibration["new"]:
        which = "the calibration did not see"
    yield f"calibrated: {calibration['words']}. {calibration['promise']}"
    yield (
        f"All systems are compared on the {calibration['questions']} questions that {which}; "
        f"{calibration['left_out']} others are left out."
    )
