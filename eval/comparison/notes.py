"""What a comparison says in words, below its tables."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Comparison


def sentences(found: "Comparison", document: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of a comparison, one a line.

    Args:
        found: the comparison.
        document: the same as plain data, with what is left out and why, `calls`, and where there are `matched` and `calibration`.
    """
    from .text import verdict

    for pair in found.pairs:
        yield f"[bold]{verdict(pair, found)}.[/bold]"
    yield from _matched(found, document)
    yield from _beside(found)
    if not all(pair.settled for pair in found.pairs):
        yield "open: p (Holm) above 0.05. What would settle it, and what shows, does so four times out of five."
    if any(pair.exact for pair in found.pairs):
        yield "Where the two differ on fewer than 10 questions, the interval is made of exact bounds instead of the bootstrap."
    if found.groups:
        yield "Questions of a group hang together: p is of the sign-flip test over whole groups instead of McNemar's."
    yield from _calibrated(document)
    yield from _left_out(found, document)
    if calls := document["calls"]:
        made, shared, stopped = (f"{calls[name]:,}" for name in ("made", "shared", "stopped"))
        yield (
            f"{made} calls were made, of which {stopped} were stopped early, and {shared} more were shared; what a system costs is "
            "what it would cost alone."
        )


def _left_out(found: "Comparison", document: Mapping[str, Any]) -> Iterator[str]:
    for name, reasons in document["unknown"].items():
        for why, count in reasons.items():
            yield f"{name}: {count} questions are not in its figures: {why}"
    if lacking := [name for name, one in found.figures.items() if one.lacking]:
        yield (
            f"{', '.join(lacking)}: accuracy is over all questions, if those without an outcome were wrong and if they were right. "
            "What it costs on all is not known, and so it does not stand beside random and the oracle, nor in the picture of "
            "accuracy by cost."
        )
    for pair in found.pairs:
        if pair.left_out:
            yield (
                f"{pair.system} beside {pair.against}: {pair.left_out} questions have just one of the two outcomes and are left "
                "out of the pair. They may be harder or easier than the others."
            )
    if (
        document["calls"]
        and document["calls"]["stopped"]
        and any(one.costs["cost"] is None for one in found.figures.values())
    ):
        yield "Money is unknown also where a call was stopped early and its engine did not tell what it used: --early-stop none."
    if document["failed"]:
        yield f"a model failed on {len(document['failed'])} answers, which count nowhere"


def _beside(found: "Comparison") -> Iterator[str]:
    """What the two lines are, where they start, and who does not stand beside them."""
    rows = found.beside.get(found.by)
    if not rows:
        return
    starts = dict.fromkeys(one.start for one in rows.values())
    which = (
        next(iter(starts))
        if len(starts) == 1
        else ", ".join(f"{one.start} for {n}" for n, one in rows.items())
    )
    yield (
        "random sends each question to large with one fixed chance, else to its start: its cost for the same accuracy, and its "
        "accuracy for the same cost. oracle asks large on just the questions that its start gets wrong and large right, as many "
        "as that cost pays for. Both start at the system here that never asks large and does best at that cost: "
        f"{which}. gain: points above random; closed: share of the way from random to the oracle."
    )


def _matched(found: "Comparison", document: Mapping[str, Any]) -> Iterator[str]:
    """What the record's own cascade costs at large's accuracy."""
    from ...stats.bootstrap import Estimate
    from ...stats.measures import MEASURES
    from . import points, shares

    parts = []
    for one in document.get("matched") or ():
        share, gap = (
            Estimate(**one[name])
            for name in ("share", "difference")
            if None not in one[name].values()
        )
        below = (
            f"at most {points(one['below']).lstrip('+')} points less"
            if one["below"]
            else "the same accuracy"
        )
        bounds = f"{points(gap.low)} to {points(gap.high)}"
        parts.append(f"{shares(share)} for {below} (measured {points(gap.value)}, {bounds})")
    if parts:
        one = document["matched"][0]
        left = (
            f"; {one['left_out']} are left out, since the record lacks their calls"
            if one["left_out"]
            else ""
        )
        yield (
            f"cost at large's accuracy, in {MEASURES[found.by].words}: of what large alone takes, {one['program']} needs "
            f"{', and '.join(parts)}. Thresholds and samples are the cheapest such on one half of the questions, measured on the "
            f"other, and the other way round ({one['questions']} questions{left})."
        )


def _calibrated(document: Mapping[str, Any]) -> Iterator[str]:
    """What a calibration among the systems promises, and what all were compared on because of it."""
    if told := document.get("calibration"):
        which = "the calibration did not see" if told["new"] else "served only to test its setting"
        yield f"calibrated: {told['words']}. {told['promise']}"
        yield f"All systems stand on the {told['questions']} questions that {which}; {told['left_out']} others are left out."
