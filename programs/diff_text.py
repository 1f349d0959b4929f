"""Format the differences between two programs as lines, for a terminal or a file."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..util.text import printable, value_text

if TYPE_CHECKING:
    from .program_diff import Changes, PredictorChange
    from .program_view import PredictorView


class DiffLine(NamedTuple):
    """One line of a difference.

    Attributes:
        text: the line, without styles.
        kind: `change` begins with the sign of a unified diff; `predictor` is a predictor's name,
            and `demonstration` the heading of a demonstration.
    """

    text: str
    kind: Literal["plain", "change", "predictor", "demonstration"] = "plain"


def diff_lines(a: str, b: str, changes: "Changes", full: bool = False) -> Iterator[DiffLine]:
    """Yield the changes line by line, under the names of both programs.

    Args:
        a: the name of the first program.
        b: the name of the second.
        changes: what differs.
        full: whether long values of demonstrations are printed in full.
    """
    if changes.same:
        yield DiffLine("no difference")
        return
    yield DiffLine(f"--- {a}", "change")
    yield DiffLine(f"+++ {b}", "change")
    for place, field, before, after in changes.settings:
        yield DiffLine(f"{place} {field}: {value_text(before, full)} -> {value_text(after, full)}")
    for number, where in changes.unmatched_rounds:
        yield DiffLine(f"round {number}: only in {a if where == 'a' else b}")
    for change in changes.predictors:
        yield DiffLine("")
        yield from _predictor(change, full)


def _predictor(change: "PredictorChange", full: bool) -> Iterator[DiffLine]:
    yield DiffLine(change.name, "predictor")
    for line in change.instructions_diff:
        yield DiffLine(printable(line), "change")
    for field, before, after in change.descriptions:
        yield DiffLine(f"field {field}: {value_text(before, full)} -> {value_text(after, full)}")
    for sign, words, demos in (("-", "removed", change.removed), ("+", "added", change.added)):
        for number, (view, demo) in enumerate(demos, 1):
            yield DiffLine(f"demonstration {words}, {number} of {len(demos)}", "demonstration")
            for line in demo_lines(view, demo, full, " "):
                yield DiffLine(f"{sign}{line}", "change")
    if change.reordered:
        yield DiffLine("the same demonstrations in another order")
    if change.nearest:
        yield DiffLine(f"demonstrations chosen for each question: {' -> '.join(change.nearest)}")


def demo_lines(
    predictor: "PredictorView", demo: Mapping[str, Any], full: bool, by: str
) -> Iterator[str]:
    """Yield a demonstration: inputs and outputs that the model sees, then the names it does not."""
    shown = predictor.visible_fields(demo)
    for name, value in shown.items():
        arrow = "-> " if name in predictor.outputs else ""
        first, *rest = value_text(value, full).split("\n")
        yield f"{by}{arrow}{name}: {first}".rstrip()
        yield from (f"{by}    {line}".rstrip() for line in rest)
    missing = [name for name in (*predictor.inputs, *predictor.outputs) if name not in shown]
    unseen = [printable(str(name)) for name in demo if name not in shown and name != "augmented"]
    if missing:
        yield f"{by}(it has no {', '.join(missing)})"
    if unseen:
        yield f"{by}(kept, but not shown to the model: {', '.join(unseen)})"
