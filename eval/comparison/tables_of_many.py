"""The tables that take the place of sentences where many systems are compared."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...programs.model_time import ModelTime
from ...util.result_table import ResultTable
from ...util.tables import new_table
from .compare import Comparison
from .envelope import AboveEnvelope, share_text
from .formats import format_interval, format_points
from .margin import margin_points, margin_test

MAX_SENTENCES = 4
"""Above this number of pairs, tables say of each system what sentences say of a few."""

_PLACES = {"above": "above", "below": "below", "on": "open", "cheapest": "-"}


def has_many_systems(comparison: Comparison) -> bool:
    """Return whether a comparison has too many systems for sentences about each."""
    return len(comparison.pairs) > MAX_SENTENCES


def tables_of_many(comparison: Comparison, document: Mapping[str, Any]) -> Iterator[ResultTable]:
    """Yield the tables of a comparison of many systems; none of a comparison of a few.

    Args:
        comparison: the comparison.
        document: the same as plain data, see `comparison_notes`.
    """
    if not has_many_systems(comparison):
        return
    yield _margin_table(comparison)
    envelopes = systems_against_envelope(comparison)
    if envelopes:
        yield _envelope_table(envelopes)
    if comparison.savings:
        yield _saving_table(comparison)
    if document.get("plans"):
        yield _plan_table(document["plans"], comparison.last_tier)
    if document.get("model_time"):
        yield _time_table(document["model_time"], comparison.last_tier)


def systems_against_envelope(comparison: Comparison) -> list[AboveEnvelope]:
    """Return the systems that are worth comparing with the pairwise envelope of the others.

    The first and the last tier alone are its ends.
    """
    if comparison.envelope is None:
        return []
    ends = (comparison.first_tier, comparison.last_tier)
    return [
        one for name, one in comparison.envelope.systems.items() if one.cost and name not in ends
    ]


def _margin_table(comparison: Comparison) -> ResultTable:
    """Return whether each system is as good as the reference within the margin."""
    first = f"within {margin_points(comparison.margin)} of {comparison.reference}"
    columns = (first, "result", "smallest margin", "questions needed")
    table = new_table(columns, left=columns[:2])
    for pair in comparison.pairs:
        found = margin_test(pair, comparison.margin)
        table.add_row(pair.system, found.result, found.smallest_text, found.needed_text)
    return table


def _envelope_table(systems: list[AboveEnvelope]) -> ResultTable:
    """Return each system compared with the best mixture of two others at its cost."""
    columns = ("pairwise envelope", "place", "points", "95%", "best mixture")
    table = new_table(columns, left=(columns[0], columns[1], columns[4]))
    for one in systems:
        place = _PLACES[one.place]
        if one.place == "cheapest":
            table.add_row(one.system, place, "-", "-", "every other system costs more")
            continue
        interval = format_interval(one.gain)
        mixture = one.mixture_text
        if len(one.mixture) > 1:
            first, last = one.mixture
            mixture = f"{share_text(one.share)} {last}, {share_text(1 - one.share)} {first}"
        table.add_row(one.system, place, format_points(one.gain.value), interval, mixture)
    return table


def _saving_table(comparison: Comparison) -> ResultTable:
    """Return the share of the last tier's cost that each system saves; negative: it costs more."""
    columns = (f"saved, of {comparison.last_tier} alone", "share", "95%", "of")
    table = new_table(columns, left=(columns[0], columns[3]))
    for saving in comparison.savings:
        table.add_row(saving.system, saving.share_text, saving.interval_text, saving.unit)
    return table


def _plan_table(plans: Mapping[str, Mapping[str, Any]], last_tier: str) -> ResultTable:
    """Return the length of the last tier's plans, and their share of its answer."""
    columns = (f"plans of {last_tier}", "tokens", "tokens of its answer", "share of its answer")
    table = new_table(columns, left=columns[:1])
    for name, one in plans.items():
        tokens, answer = f"{one['plan_tokens']:.0f}", f"{one['answer_tokens']:.0f}"
        table.add_row(name, tokens, answer, f"{one['share']:.0%}")
    return table


def _time_table(times: Mapping[str, Mapping[str, Any]], last_tier: str) -> ResultTable:
    """Return the model time of each system beside that of the last tier alone."""
    columns = ("model time", "seconds", f"{last_tier} alone")
    table = new_table(columns, left=columns[:1])
    for name, one in times.items():
        time = ModelTime(**one)
        about = "about " if time.is_estimate else ""
        table.add_row(name, f"{time.seconds:.1f}", f"{about}{time.last_tier_seconds:.1f}")
    return table
