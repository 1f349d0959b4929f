"""`cope show`: a program's rounds, instructions and demonstrations, and what it was compiled on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ...programs.domains.registry import DEFAULT_DOMAIN, DOMAINS
from ...util.text import indented, printable, value_text
from ..options import json_option
from ..output import print_json, print_text

if TYPE_CHECKING:
    from ...programs.program_view import PredictorView, ProgramView

_SOME = 3  # of many demonstrations, where not all are wanted


@click.command(short_help="Print a program: its rounds, instructions and demonstrations.")
@click.argument("source", metavar="FILE")
@click.option("--full", is_flag=True, help="Print long values of demonstrations in full.")
@click.option(
    "--domain",
    default=DEFAULT_DOMAIN,
    show_default=True,
    metavar="KIND",
    help=f"Kind of questions a preset is shown for: {', '.join(DOMAINS)}. A file names its own.",
)
@json_option
def command(source: str, full: bool, domain: str, as_json: bool) -> None:
    """Print a program that was compiled or saved, or a preset as it is before that.

    FILE is a program's file, a preset's name, or a preset's FILE.toml. No model is loaded.
    """
    from ...programs.program_view import load_program_view

    view = load_program_view(source, domain)
    if as_json:
        print_json({"source": source} | view.as_dict())
        return
    print_text("\n".join(_lines(view, full)))


def _lines(view: "ProgramView", full: bool) -> Iterator[str]:
    from ...programs.round_text import describe_round

    name = click.style(printable(view.preset.name), bold=True)
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
        yield from _predictor(predictor, full)
    yield ""
    yield from _compiled(view.compiled)
    if view.metadata is not None:
        yield f"saved with {value_text(view.metadata, full)}"


def _predictor(predictor: "PredictorView", full: bool) -> Iterator[str]:
    from ...programs.program_diff import describe_nearest

    task = "plans" if predictor.role == "planner" else "solves"
    yield f"{click.style(predictor.name, bold=True)} ({printable(predictor.tier)} {task})"
    yield indented(printable(predictor.instructions))
    for name, description in (*predictor.inputs.items(), *predictor.outputs.items()):
        if description != f"${{{name}}}":  # DSPy's placeholder
            yield f"  field {name}: {value_text(description, full)}"
    yield from _demos(predictor, predictor.demos, full)
    candidates = predictor.neighbours
    if candidates:
        hidden = 0 if full else max(0, len(candidates) - _SOME)
        yield f"  for each question {describe_nearest(predictor)} demonstrations:"
        yield from _demos(predictor, candidates, full, hidden)
        if hidden:
            yield click.style(f"  ... and {hidden} more, shown with --full", dim=True)
    elif not predictor.demos:
        yield click.style("  no demonstrations", dim=True)


def _demos(
    predictor: "PredictorView", demos: Sequence[Mapping[str, Any]], full: bool, hidden: int = 0
) -> Iterator[str]:
    from ...programs.diff_text import demo_lines

    for number, demo in enumerate(demos[: len(demos) - hidden], 1):
        origin = "made by the program" if demo.get("augmented") else "from the data"
        yield click.style(f"  demonstration {number} of {len(demos)}, {origin}", dim=True)
        yield from demo_lines(predictor, demo, full, "    ")


def _compiled(compiled: dict[str, Any] | None) -> Iterator[str]:
    from ...programs.compile_text import compiled_rows

    if compiled is None:
        yield "not compiled"
        return
    yield click.style("compiled", bold=True)
    rows = compiled_rows(compiled)
    width = max((len(label) for label, _ in rows), default=0)
    for label, text in rows:
        yield f"  {label:<{width}}  {text}"
