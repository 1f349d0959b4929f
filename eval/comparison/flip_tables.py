"""The flips of a comparison as tables, by round and by a field of the rows."""

from collections.abc import Iterator

from ...util.result_table import ResultTable
from ...util.tables import new_table, percent
from .compare import Comparison
from .flips import Flips


def flip_tables(comparison: Comparison, field: str | None = None) -> Iterator[ResultTable]:
    """Yield a table of the flips by round, and one by a field of the rows if one is named.

    A system with one round has one row.

    Args:
        comparison: the comparison.
        field: the name of the field.
    """
    table = _new_table(f"flips against {comparison.reference}", "round")
    for flips in comparison.flips:
        if len(flips.by_round) != 1:
            _add_row(table, flips.system, "all", flips.total)
        for number, part in flips.by_round.items():
            _add_row(table, flips.system, str(number), part)
    yield table
    if field is None:
        return
    table = _new_table("flips by field", field)
    for flips in comparison.flips:
        for value, part in flips.by_field.items():
            _add_row(table, flips.system, value, part)
    yield table


def _new_table(first: str, second: str) -> ResultTable:
    return new_table((first, second, "n", "helped", "harmed", "churn"), left=(first, second))


def _add_row(table: ResultTable, system: str, part: str, flips: Flips) -> None:
    share = percent(flips.churn / flips.questions if flips.questions else None, "-")
    counts = str(len(flips.helped)), str(len(flips.harmed)), f"{flips.churn} ({share})"
    table.add_row(system, part, str(flips.questions), *counts)
