"""What a comparison says in sentences: one for each pair, what would settle an open one, and notes on the tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...stats.bootstrap import Estimate
from ...stats.measures import MEASURES
from ...stats.power import MAX_QUESTIONS
from .compare import Comparison
from .pair import MIN_DISCORDANT, PairedComparison

_COST_PHRASES = {
    "cost": "it costs {} money",
    "cost-small-free": "it costs {} money where the small tier is free",
    "large-tokens": "it writes {} {last}-tier tokens",
    "seconds": "it takes {} model time",
    "large-calls": "it makes {} calls to the {last} tier",
}


def conclusion(pair: PairedComparison, found: Comparison) -> str:
    """What a comparison says on accuracy and on the cost that is spoken of."""
    return f"{_accuracy_phrase(pair, found.margin)}; {_cost_phrase(pair, found)}"


def _accuracy_phrase(pair: PairedComparison, margin: float) -> str:
    one = pair.difference
    bounds = f"95% interval {format_points(one.low)} to {format_points(one.high)}"
    widest = max(abs(one.low), abs(one.high))
    if pair.significant:
        which = "more" if pair.wins > pair.losses else "less"
        return f"{pair.system} is {which} accurate than {pair.reference}: {format_points(one.value)} points ({bounds})"
    if widest <= margin:
        return f"{pair.system} is as accurate as {pair.reference} within {100 * widest:.1f} points ({bounds})"
    return f"{pair.system} and {pair.reference}: open, {format_points(one.value)} points ({bounds})"


def _cost_phrase(pair: PairedComparison, found: "Comparison") -> str:
    costs = pair.costs.get(found.measure)
    if costs is None:
        return "what it costs is not known of both"
    if not costs.reference:
        return f"{pair.reference} spends none of what is counted"
    share = format_ratio(costs.ratio) if costs.system else "none"
    return _COST_PHRASES[found.measure].format(
        f"{share} of {pair.reference}'s", last=found.last_tier
    )


def format_ratio(ratio: Estimate) -> str:
    """A ratio with its interval in per cent, with one digit below 10%.

    >>> format_ratio(Estimate(0.176, 0.155, 0.196)), format_ratio(Estimate(0.0123, 0.01, 0.015))
    ('18% (16 to 20)', '1.2% (1.0 to 1.5)')
    """
    if ratio.value >= 10:
        return f"{ratio.value:.0f} x ({ratio.low:.0f} to {ratio.high:.0f})"
    digits = 0 if ratio.value >= 0.0995 else 1
    low, high = (f"{100 * bound:.{digits}f}" for bound in (ratio.low, ratio.high))
    return f"{ratio.value:.{digits}%} ({low} to {high})"


def questions_to_settle(pair: PairedComparison) -> str:
    """How many questions would tell the two apart, four times out of five, if the difference is what it looks like."""
    if pair.wins + pair.losses < MIN_DISCORDANT:
        return "too few differ to say"
    if pair.questions_needed is None or pair.questions_needed > MAX_QUESTIONS:
        return "no affordable number"
    return f"about {round_up_2_digits(pair.questions_needed):,}"


def round_up_2_digits(count: int) -> int:
    """Two digits that count, upwards: no more of it is known.

    >>> round_up_2_digits(1234), round_up_2_digits(87)
    (1300, 87)
    """
    step = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def format_points(share: float) -> str:
    """A difference of shares in points, with its sign.

    >>> format_points(0.0124), format_points(-0.2), format_points(-0.0001)
    ('+1.2', '-20.0', '0.0')
    """
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def comparison_notes(found: Comparison, document: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of a comparison, one a line.

    Args:
        found: the comparison.
        document: the same as plain data, with what is left out and why, `calls`, and where there are `matched` and `calibration`.
    """
    for pair in found.pairs:
        yield f"[bold]{conclusion(pair, found)}.[/bold]"
    yield from _matched_accuracy_notes(found, document)
    yield from _routing_notes(found)
    if not all(pair.significant for pair in found.pairs):
        yield "open: p (Holm) above 0.05. What would settle it, and what shows, does so four times out of five."
    if any(pair.has_exact_bounds for pair in found.pairs):
        yield "Where the two differ on fewer than 10 questions, the interval is made of exact bounds instead of the bootstrap."
    if found.groups:
        yield "Questions of a group hang together: p is of the sign-flip test over whole groups instead of McNemar's."
    yield from _calibration_notes(document)
    yield from _exclusion_notes(found, document)
    if calls := document["calls"]:
        made, shared, stopped = (f"{calls[name]:,}" for name in ("made", "shared", "stopped"))
        yield (
            f"{made} calls were made, of which {stopped} were stopped early, and {shared} more were shared; what a system costs is "
            "what it would cost alone."
        )


def _exclusion_notes(found: Comparison, document: Mapping[str, Any]) -> Iterator[str]:
    for name, reasons in document["unknown"].items():
        for why, count in reasons.items():
            yield f"{name}: {count} questions are not in its figures: {why}"
    if lacking := [name for name, one in found.summaries.items() if one.missing]:
        yield (
            f"{', '.join(lacking)}: accuracy is over all questions, if those without an outcome were wrong and if they were right. "
            "What it costs on all is not known, and so it does not stand beside random and the oracle, nor in the picture of "
            "accuracy by cost."
        )
    for pair in found.pairs:
        if pair.unpaired:
            yield (
                f"{pair.system} beside {pair.reference}: {pair.unpaired} questions have just one of the two outcomes and are left "
                "out of the pair. They may be harder or easier than the others."
            )
    if (
        document["calls"]
        and document["calls"]["stopped"]
        and any(one.costs["cost"] is None for one in found.summaries.values())
    ):
        yield "Money is unknown also where a call was stopped early and its engine did not tell what it used: --early-stop none."
    if document["failed"]:
        yield f"a model failed on {len(document['failed'])} answers, which count nowhere"


def _routing_notes(found: Comparison) -> Iterator[str]:
    """What the two lines are, where they start, and who does not stand beside them."""
    rows, last = found.routing_baselines.get(found.measure), found.last_tier
    if not rows:
        return
    starts = dict.fromkeys(one.start for one in rows.values())
    which = (
        next(iter(starts))
        if len(starts) == 1
        else ", ".join(f"{one.start} for {n}" for n, one in rows.items())
    )
    yield (
        f"random sends each question to {last} with one fixed chance, else to its start: its cost for the same accuracy, and "
        f"its accuracy for the same cost. oracle asks {last} on just the questions that its start gets wrong and {last} right, "
        f"as many as that cost pays for. Both start at the system here that never asks {last} and does best at that cost: "
        f"{which}. gain: points above random; closed: share of the way from random to the oracle."
    )


def _matched_accuracy_notes(found: Comparison, document: Mapping[str, Any]) -> Iterator[str]:
    """What the record's own cascade costs at the accuracy of the last tier alone."""
    parts = []
    for one in document.get("matched") or ():
        share, gap = (
            Estimate(**one[name])
            for name in ("share", "difference")
            if None not in one[name].values()
        )
        below = (
            f"at most {format_points(one['below']).lstrip('+')} points less"
            if one["below"]
            else "the same accuracy"
        )
        bounds = f"{format_points(gap.low)} to {format_points(gap.high)}"
        parts.append(
            f"{format_ratio(share)} for {below} (measured {format_points(gap.value)}, {bounds})"
        )
    if parts:
        one, last = document["matched"][0], found.last_tier
        left = (
            f"; {one['left_out']} are left out, since the record lacks their calls"
            if one["left_out"]
            else ""
        )
        yield (
            f"cost at {last}'s accuracy, in {MEASURES[found.measure].description_for(last)}: of what {last} alone takes, "
            f"{one['program']} needs "
            f"{', and '.join(parts)}. Thresholds and samples are the cheapest such on one half of the questions, measured on the "
            f"other, and the other way round ({one['questions']} questions{left})."
        )


def _calibration_notes(document: Mapping[str, Any]) -> Iterator[str]:
    """What a calibration among the systems promises, and what all were compared on because of it."""
    if told := document.get("calibration"):
        which = "the calibration did not see" if told["new"] else "served only to test its setting"
        yield f"calibrated: {told['words']}. {told['promise']}"
        yield f"All systems stand on the {told['questions']} questions that {which}; {told['left_out']} others are left out."
