"""A comparison as tables of 100 columns, and a sentence for each pair."""

import io
import sys
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ...answers.kinds.registry import comparison_sentence
from ...eval.comparison.store import DOCUMENT_FILE
from ...eval.comparison.text import comparison_notes
from .tables import models_text, result_console

if TYPE_CHECKING:
    from ...eval.comparison import Comparison, PairedComparison, RoutingBaselines, SystemSummary
    from ...stats.bootstrap import Estimate

WIDTH = 100


def print_comparison(found: "Comparison", document: Mapping[str, Any]) -> None:
    """Print tables and sentences on stdout, and the paths of the files on stderr."""
    _print(result_console(WIDTH), found, document)
    places = []
    if document["folder"]:
        places.append(f"all figures in {document['folder']}/{DOCUMENT_FILE}")
    if document["pictures"]:
        places.append(f"pictures: {', '.join(document['pictures'])}")
    if document["mlflow"]:
        places.append(f"MLflow run {document['mlflow']['run']} (see it with: cope ui)")
    if places:
        print("; ".join(places), file=sys.stderr)


def comparison_text(found: "Comparison", document: Mapping[str, Any]) -> str:
    """Return tables and sentences as plain text."""
    console = Console(file=io.StringIO(), width=WIDTH, no_color=True)
    _print(console, found, document)
    return console.file.getvalue()  # type: ignore[attr-defined]


def _print(console: Console, found: "Comparison", document: Mapping[str, Any]) -> None:
    models = models_text(document["models"])
    grouped = f", in {found.groups} groups, drawn whole" if found.groups else ""
    _line(console, f"[bold]{document['task']}[/bold]{grouped}: {models}")
    if document.get("shown"):
        _line(console, document["shown"])
    kind = document.get("answer_kind")
    if kind and kind != "code":
        _line(console, comparison_sentence(kind))
    console.print(_systems(found))
    if unknown := _unknown(found):
        _line(console, f"not known here: {unknown}")
    console.print()
    console.print(_accuracy(found))
    console.print()
    console.print(_costs(found))
    if found.price_basis:
        from ...eval.comparison import PRICE_BASES

        at = "; ".join(
            f"{pair.system} {pair.price_ratio.description}"
            for pair in found.pairs
            if pair.price_ratio
        )
        _line(
            console,
            f"cheaper than {found.reference}, by price {found.first_tier} : {found.last_tier} of "
            f"{PRICE_BASES[found.price_basis]}: {at}",
        )
    for table in (*_lines(found), *_open(found)):
        console.print()
        console.print(table)
    console.print()
    for line in comparison_notes(found, document):
        _line(console, line)


def _line(console: Console, text: str) -> None:
    console.print(text, highlight=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        first = name == columns[0]
        table.add_column(name, justify="left" if first else "right", no_wrap=first, overflow="fold")
    return table


def _known(found: "Comparison") -> list[str]:
    """Return the cost measures with at least one value that is not zero."""
    names = next(iter(found.summaries.values())).costs
    return [name for name in names if any(one.costs[name] for one in found.summaries.values())]


def _unknown(found: "Comparison") -> str:
    from ...stats.measures import MEASURES

    known = _known(found)
    return "; ".join(
        f"the {measure.description_for(found.last_tier)}"
        for name, measure in MEASURES.items()
        if name not in known
    )


def _systems(found: "Comparison") -> Table:
    from ...stats.measures import MEASURES

    known = _known(found)
    heads = [MEASURES[name].unit_for(found.last_tier) for name in known]
    if len(known) > 2:  # two lines, so that all fit
        heads = [
            head.replace(" / 1,000, ", "\n")
            .replace(" tokens", "\ntokens")
            .replace(" calls", "\ncalls")
            for head in heads
        ]
    table = _table("a question", "n", "accuracy", "95%", *heads)
    for name, one in found.summaries.items():
        low, high = one.bounds_interval or one.interval
        costs = (None if one.missing else one.costs[measure] for measure in known)
        shown = (
            "unknown" if cost is None else _number(cost * MEASURES[measure].scale)
            for cost, measure in zip(costs, known, strict=True)
        )
        table.add_row(
            name, _asked(one), _right(one), f"{100 * low:.1f} to {100 * high:.1f}", *shown
        )
    return table


def _asked(one: "SystemSummary") -> str:
    """Format the number of questions with an outcome, and of how many where some have none."""
    return f"{one.n} of {one.n + one.missing}" if one.missing else str(one.n)


def _right(one: "SystemSummary") -> str:
    """Format the accuracy over all questions, or its bounds where it is not known."""
    return (
        " to ".join(f"{100 * bound:.1f}" for bound in one.bounds) + "%"
        if one.bounds
        else f"{one.accuracy:.1%}"
    )


def _accuracy(found: "Comparison") -> Table:
    from ...eval.comparison import format_points

    table = _table(
        f"beside {found.reference}", "n", "points", "95%", "gained", "lost", "p", "p (Holm)"
    )
    for pair in found.pairs:
        one = pair.difference
        table.add_row(
            pair.system,
            str(pair.questions),
            format_points(one.value),
            f"{format_points(one.low)} to {format_points(one.high)}",
            str(pair.wins),
            str(pair.losses),
            _p(pair.p),
            _p(pair.adjusted_p),
        )
    return table


def _costs(found: "Comparison") -> Table:
    from ...stats.measures import MEASURES

    known = [name for name in _known(found) if any(name in pair.costs for pair in found.pairs)]
    heads = [MEASURES[name].unit_for(found.last_tier).replace(" / 1,000", "") for name in known]
    table = _table(f"share of {found.reference}'s", *heads)
    for pair in found.pairs:
        table.add_row(pair.system, *(_share(pair, name) for name in known))
    return table


def _share(pair: "PairedComparison", measure: str) -> str:
    from ...eval.comparison import format_ratio

    costs = pair.costs.get(measure)
    if costs is None:
        return "unknown"
    if not isfinite(costs.ratio.value):
        return "-"
    return format_ratio(costs.ratio) if costs.system else "none"


def _lines(found: "Comparison") -> Iterator[Table]:
    from ...stats.measures import MEASURES

    rows = found.routing_baselines.get(found.measure)
    if not rows:
        return
    columns = ("cost", "random: cost", "random", "gain", "95%", "oracle", "closed")
    table = _table(f"by {MEASURES[found.measure].unit_for(found.last_tier)}", *columns)
    for name, one in rows.items():
        table.add_row(name, *_row(one, MEASURES[found.measure].scale))
    yield table


def _open(found: "Comparison") -> Iterator[Table]:
    """Yield a table of what would make the open differences significant."""
    from ...eval.comparison import format_points, questions_to_settle

    pairs = [pair for pair in found.pairs if not pair.significant]
    if not pairs:
        return
    table = _table(
        "open differences",
        "seen",
        "questions that would settle it",
        "difference that shows with these",
    )
    for pair in pairs:
        smallest = pair.detectable_difference
        shows = "none" if smallest is None else f"{100 * smallest:.1f} points"
        table.add_row(
            pair.system, format_points(pair.difference.value), questions_to_settle(pair), shows
        )
    yield table


def _row(one: "RoutingBaselines", scale: float) -> tuple[str, ...]:
    from ...eval.comparison import format_points

    gain = one.gain
    return (
        _number(one.cost.value * scale),
        _reach(one.random_cost, scale),
        _percent(one.random_accuracy),
        format_points(gain.value) if isfinite(gain.value) else "-",
        f"{_bound(gain.low)} to {_bound(gain.high)}",
        _percent(one.oracle_accuracy),
        _percent(one.oracle_gap_closed),
    )


def _bound(share: float) -> str:
    from ...eval.comparison import format_points

    return format_points(share) if isfinite(share) else "-"


def _reach(one: "Estimate", scale: float) -> str:
    return _number(one.value * scale) if isfinite(one.value) else "out of reach"


def _percent(one: "Estimate") -> str:
    return f"{one.value:.1%}" if isfinite(one.value) else "-"


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


def _p(value: float) -> str:
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"
