"""Format a program as text, for a terminal or a file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..util.styles import Style, unstyled
from ..util.text import indented, printable, value_text
from .compile_text import compiled_rows
from .diff_text import demo_lines
from .program_diff import describe_nearest
from .program_view import PredictorView, ProgramView
from .round_text import describe_round

_SOME = 3  # of many demonstrations, where not all are wanted


def program_text(view: ProgramView, full: bool = False, style: Style = unstyled) -> str:
    """Return the rounds, instructions and demonstrations of a program, and what it was compiled on.

    Args:
        view: the program.
        full: whether long values, and all demonstrations to select from, are shown.
        style: the styles of names and of headings.
    """
    return "\n".join(_lines(view, full, style))


def _lines(view: ProgramView, full: bool, style: Style) -> Iterator[str]:
    name = style(printable(view.preset.name), "name")
    description = printable(view.preset.description)
    yield f"{name}: {description}" if description else name
    yield f"domain: {view.domain}"
    if view.answer_kind is not None:
        yield f"answers are compared as: {printable(view.answer_kind)}"
    if view.signature is not None:
        yield f"signature: {value_text(view.signature, full)}"
    if view.peers:
        programs = 1 + len(view.peers)
        yield (
            f"ensemble of {programs} programs, whose answers vote: "
            f"a question costs up to {programs} times as much"
        )
    yield ""
    for number in range(1, len(view.preset.rounds) + 1):
        yield f"round {number}: {printable(describe_round(view.preset, number, view.domain))}"
    predictors = list(view.predictors)
    for peer in view.peers:
        predictors += peer
    for predictor in predictors:
        yield ""
        yield from _predictor(predictor, full, style)
    yield ""
    yield from _compiled(view.compiled, style)
    if view.metadata is not None:
        yield f"saved with {value_text(view.metadata, full)}"


def _predictor(predictor: PredictorView, full: bool, style: Style) -> Iterator[str]:
    task = "plans" if predictor.role == "planner" else "solves"
    name = style(predictor.name, "name")
    yield f"{name} ({printable(predictor.tier)} {task})"
    yield indented(printable(predictor.instructions))
    for name, description in (*predictor.inputs.items(), *predictor.outputs.items()):
        if description != f"${{{name}}}":  # DSPy's placeholder
            yield f"  field {name}: {value_text(description, full)}"
    yield from _demos(predictor, predictor.demos, full, style)
    candidates = predictor.neighbours
    if candidates:
        hidden = 0 if full else max(0, len(candidates) - _SOME)
        yield f"  for each question {describe_nearest(predictor)} demonstrations:"
        yield from _demos(predictor, candidates, full, style, hidden)
        if hidden:
            yield style(f"  ... and {hidden} more, shown with --full", "aside")
    elif not predictor.demos:
        yield style("  no demonstrations", "aside")


def _demos(
    predictor: PredictorView,
    demos: Sequence[Mapping[str, Any]],
    full: bool,
    style: Style,
    hidden: int = 0,
) -> Iterator[str]:
    for number, demo in enumerate(demos[: len(demos) - hidden], 1):
        origin = "made by the program" if demo.get("augmented") else "from the data"
        yield style(f"  demonstration {number} of {len(demos)}, {origin}", "aside")
        yield from demo_lines(predictor, demo, full, "    ")


def _compiled(compiled: Mapping[str, Any] | None, style: Style) -> Iterator[str]:
    if compiled is None:
        yield "not compiled"
        return
    yield style("compiled", "name")
    rows = compiled_rows(compiled)
    width = max((len(label) for label, _ in rows), default=0)
    for label, text in rows:
        yield f"  {label:<{width}}  {text}"
