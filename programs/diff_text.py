"""Format the differences between two programs as lines, for a terminal or a file."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..util.styles import Style, StyleName, unstyled
from ..util.text import printable, value_text

if TYPE_CHECKING:
    from .program_diff import Changes, PredictorChange
    from .program_view import PredictorView

_SIGNS: dict[str, StyleName] = {"-": "removed", "+": "added", "@": "place"}
"""The style of a line by its sign in a unified diff."""


def diff_lines(
    a: str, b: str, changes: "Changes", full: bool = False, style: Style = unstyled
) -> Iterator[str]:
    """Yield the changes line by line, under the names of both programs.

    Args:
        a: the name of the first program.
        b: the name of the second.
        changes: what differs.
        full: whether long values of demonstrations are printed in full.
        style: the styles of names and of changes.
    """
    if changes.same:
        yield "no difference"
        return
    yield style(f"--- {a}", "removed")
    yield style(f"+++ {b}", "added")
    for place, field, before, after in changes.settings:
        yield f"{place} {field}: {value_text(before, full)} -> {value_text(after, full)}"
    for number, where in changes.unmatched_rounds:
        yield f"round {number}: only in {a if where == 'a' else b}"
    for change in changes.predictors:
        yield ""
        yield from _predictor(change, full, style)


def _predictor(change: "PredictorChange", full: bool, style: Style) -> Iterator[str]:
    yield style(change.name, "name")
    for line in change.instructions_diff:
        sign = _SIGNS.get(line[:1])
        text = printable(line)
        yield style(text, sign) if sign else text
    for field, before, after in change.descriptions:
        yield f"field {field}: {value_text(before, full)} -> {value_text(after, full)}"
    for sign, words, demos in (("-", "removed", change.removed), ("+", "added", change.added)):
        for number, (view, demo) in enumerate(demos, 1):
            yield style(f"demonstration {words}, {number} of {len(demos)}", "aside")
            for line in demo_lines(view, demo, full, " "):
                yield style(f"{sign}{line}", _SIGNS[sign])
    if change.reordered:
        yield "the same demonstrations in another order"
    if change.nearest:
        yield f"demonstrations chosen for each question: {' -> '.join(change.nearest)}"


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
