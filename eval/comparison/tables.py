"""A comparison as text: its tables, and the sentences below them."""

from collections.abc import Mapping
from functools import partial
from math import isfinite
from typing import Any

from rich.console import Console

from ...models.reprice import describe_prices, prices_from_json
from ...stats.bootstrap import Estimate
from ...stats.measures import MEASURES
from ...util.result_table import ResultTable
from ...util.tables import models_text, new_table, plain_text, print_sentence
from ..run.table import scoring_notes
from .compare import Comparison, SystemSummary
from .flip_tables import flip_tables
from .formats import format_interval, format_points, format_ratio
from .notes import comparison_notes
from .pair import PairedComparison
from .price_ratio import PRICE_BASES
from .routing_baselines import RoutingBaselines
from .tables_of_many import tables_of_many
from .text import questions_for_significance

WIDTH = 100


def comparison_text(comparison: Comparison, document: Mapping[str, Any]) -> str:
    """Return tables and sentences as plain text, see `print_tables`."""
    return plain_text(partial(print_tables, comparison=comparison, document=document), WIDTH)


def print_tables(console: Console, comparison: Comparison, document: Mapping[str, Any]) -> None:
    """Print the tables and sentences of a comparison.

    Args:
        console: prints the text.
        comparison: the comparison.
        document: the same as plain data, see `comparison_notes`.
    """
    print_sentence(console, _heading(comparison, document), (document["task"],))
    for line in scoring_notes(document):
        print_sentence(console, line)
    if document.get("prices"):
        print_sentence(console, describe_prices(prices_from_json(document["prices"])))
    console.print(_systems_table(comparison))
    unknown = _unknown_measures(comparison)
    if unknown:
        print_sentence(console, f"not known here: {unknown}")
    console.print()
    console.print(_accuracy_table(comparison))
    console.print()
    for table in flip_tables(comparison, document.get("by_field")):
        console.print(table)
        console.print()
    console.print(_cost_table(comparison))
    if comparison.price_basis:
        print_sentence(console, _price_ratio_sentence(comparison, comparison.price_basis))
    tables = (_routing_table(comparison), _open_differences_table(comparison))
    for table in (*tables, *tables_of_many(comparison, document)):
        if table:
            console.print()
            console.print(table)
    console.print()
    for line in comparison_notes(comparison, document):
        print_sentence(console, line)


def _heading(comparison: Comparison, document: Mapping[str, Any]) -> str:
    groups = f", in {comparison.groups} groups, drawn whole" if comparison.groups else ""
    return f"{document['task']}{groups}: {models_text(document['models'])}"


def _new_table(*columns: str) -> ResultTable:
    return new_table(columns, left=columns[:1])


def _known_measures(comparison: Comparison) -> list[str]:
    """Return the cost measures with at least one value that is not zero."""
    summaries = comparison.summaries.values()
    return [name for name in MEASURES if any(one.costs[name] for one in summaries)]


def _unknown_measures(comparison: Comparison) -> str:
    """Return the descriptions of the other measures."""
    known = _known_measures(comparison)
    unknown = []
    for name, measure in MEASURES.items():
        if name not in known:
            unknown.append(f"the {measure.description_for(comparison.last_tier)}")
    return "; ".join(unknown)


def _systems_table(comparison: Comparison) -> ResultTable:
    measures = _known_measures(comparison)
    headers = [MEASURES[name].unit_for(comparison.last_tier) for name in measures]
    table = _new_table("a question", "n", "accuracy", "95%", *headers)
    for name, summary in comparison.summaries.items():
        low, high = summary.bounds_interval or summary.interval
        costs = [_mean_cost(summary, measure) for measure in measures]
        interval = f"{100 * low:.1f} to {100 * high:.1f}"
        table.add_row(name, _num_questions(summary), _accuracy(summary), interval, *costs)
    return table


def _mean_cost(summary: SystemSummary, measure: str) -> str:
    cost, least = summary.costs[measure], summary.costs_at_least[measure]
    if cost is None or least is None or summary.missing:
        return "unknown"
    low, high = (_number(value * MEASURES[measure].scale) for value in (least, cost))
    return high if low == high else f"{low} to {high}"


def _num_questions(summary: SystemSummary) -> str:
    """Format the number of questions with a result, and of all if some have none."""
    if summary.missing:
        return f"{summary.n} of {summary.n + summary.missing}"
    return str(summary.n)


def _accuracy(summary: SystemSummary) -> str:
    """Format the accuracy over all questions, or its bounds if it is unknown."""
    if summary.bounds is None:
        return f"{summary.accuracy:.1%}"
    low, high = summary.bounds
    return f"{100 * low:.1f} to {100 * high:.1f}%"


def _accuracy_table(comparison: Comparison) -> ResultTable:
    columns = ("n", "points", "95%", "gained", "lost", "p", "p (Holm)")
    table = _new_table(f"minus {comparison.reference}", *columns)
    for pair in comparison.pairs:
        table.add_row(
            pair.system,
            str(pair.questions),
            format_points(pair.difference.value),
            format_interval(pair.difference),
            str(pair.wins),
            str(pair.losses),
            _p_value(pair.p),
            _p_value(pair.adjusted_p),
        )
    return table


def _cost_table(comparison: Comparison) -> ResultTable:
    measures, headers = [], []
    for name in _known_measures(comparison):
        if any(name in pair.costs for pair in comparison.pairs):
            measures.append(name)
            unit = MEASURES[name].unit_for(comparison.last_tier)
            headers.append(unit.replace(" / 1,000", ""))
    table = _new_table(f"share of {comparison.reference}'s", *headers)
    for pair in comparison.pairs:
        table.add_row(pair.system, *[_cost_share(pair, name) for name in measures])
    return table


def _cost_share(pair: PairedComparison, measure: str) -> str:
    costs = pair.costs.get(measure)
    if costs is None:
        return "unknown"
    if not isfinite(costs.ratio.value):
        return "-"
    return format_ratio(costs.ratio) if costs.system else "none"


def _price_ratio_sentence(comparison: Comparison, basis: str) -> str:
    ratios = []
    for pair in comparison.pairs:
        if pair.price_ratio:
            ratios.append(f"{pair.system} {pair.price_ratio.description}")
    return (
        f"cheaper than {comparison.reference}, by price {comparison.first_tier} : "
        f"{comparison.last_tier} of {PRICE_BASES[basis]}: {'; '.join(ratios)}"
    )


def _routing_table(comparison: Comparison) -> ResultTable | None:
    """Return the comparison with random routing and the oracle; None without any."""
    rows = comparison.routing_baselines.get(comparison.measure)
    if not rows:
        return None
    measure = MEASURES[comparison.measure]
    columns = ("cost", "random: cost", "random", "gain", "95%", "oracle", "closed")
    table = _new_table(f"by {measure.unit_for(comparison.last_tier)}", *columns)
    for name, baselines in rows.items():
        table.add_row(name, *_routing_cells(baselines, measure.scale))
    return table


def _routing_cells(baselines: RoutingBaselines, scale: float) -> list[str]:
    gain, random_cost = baselines.gain, baselines.random_cost.value
    return [
        _number(baselines.cost.value * scale),
        _number(random_cost * scale) if isfinite(random_cost) else "out of reach",
        _percent(baselines.random_accuracy),
        _points(gain.value),
        f"{_points(gain.low)} to {_points(gain.high)}",
        _percent(baselines.oracle_accuracy),
        _percent(baselines.oracle_gap_closed),
    ]


def _open_differences_table(comparison: Comparison) -> ResultTable | None:
    """Return what would make the other differences significant; None if all are."""
    pairs = [pair for pair in comparison.pairs if not pair.significant]
    if not pairs:
        return None
    columns = ("seen", "questions for significance", "detectable difference with these")
    table = _new_table("open differences", *columns)
    for pair in pairs:
        smallest = pair.detectable_difference
        detectable = "none" if smallest is None else f"{100 * smallest:.1f} points"
        observed = format_points(pair.difference.value)
        table.add_row(pair.system, observed, questions_for_significance(pair), detectable)
    return table


def _points(share: float) -> str:
    return format_points(share) if isfinite(share) else "-"


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.1%}" if isfinite(estimate.value) else "-"


def _number(value: float) -> str:
    """Format a number with three significant digits.

    >>> _number(0.0123), _number(1.5), _number(123.4), _number(12345), _number(0)
    ('0.0123', '1.50', '123', '12,345', '0')
    """
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}"


def _p_value(value: float) -> str:
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"
