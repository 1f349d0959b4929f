"""What `cope compile` leaves beside its state: the program, the programs of the frontier, and their picture."""

import os
from collections.abc import Mapping
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CopeError
from .frontier_plot import draw_frontier
from .options import compiled_in

if TYPE_CHECKING:
    from ..optimize import Compilation, Compiled, Scores

_PASSING = ("plots",)  # of the provenance: for who tracks the run, not for the file


def check_place(output: Path, compile_name: str, options: Mapping[str, Any]) -> None:
    """Raise a CopeError when the program file could not be written or would replace another, before money is spent on it.

    Args:
        output: the program file.
        compile_name: what earlier programs of the same compile say that they were made by; those may be replaced.
        options: those of the command.
    """
    folder = next(parent for parent in output.absolute().parents if parent.exists())
    if output.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CopeError(f"cannot write the program {output}: choose another place with -o")
    if options["force"] or options["dry_run"]:
        return
    places = [output]
    if options["objective"] == "pareto":
        places += sorted(output.parent.glob(f"{escape(output.stem)}.frontier-*.json"))
    if taken := next(
        (place for place in places if place.exists() and _made_by(place) != compile_name), None
    ):
        raise CopeError(
            f"{taken} is there already, and not from this compile: choose another place with -o, or overwrite it with --force"
        )


def _made_by(file: Path) -> str | None:
    """The compile that a program file says it comes from; None of any other file."""
    try:
        return compiled_in(file).get("compile")
    except (OSError, ValueError, AttributeError):  # no JSON, or none of a program
        return None


def picked(made: "Compiled", number: int | None, before: Mapping[str, Any]) -> "Compiled":
    """The outcome with program `number` of the frontier in place of the best; as it is when there is no such program.

    Args:
        made: the outcome.
        number: 1 for the cheapest; None for the best.
        before: the state of the program as it was.
    """
    if number is None or number > len(made.frontier):
        return made
    program, scores = made.frontier[number - 1]
    return replace(made, program=program, after=scores, improved=program.dump_state() != before)


def complete(
    made: "Compiled", compilation: "Compilation", settings: Mapping[str, Any], start: Path | None
) -> None:
    """Add to the provenance what only the command line knows: the compile's name, and the program it began with.

    What that one was trained on and chosen by, this one is too.
    """
    about = made.provenance
    about["compile"] = compilation.folder.name
    if start is None:
        return
    about["start"] = start.name
    rows, earlier = about["rows"], compiled_in(start).get("rows")
    if isinstance(earlier, dict):
        about["rows"] = {
            name: sorted({*rows[name], *map(str, earlier.get(name) or ())}) for name in rows
        }


def draw(
    made: "Compiled", compilation: "Compilation", settings: Mapping[str, Any], output: Path
) -> list[Path]:
    """The picture of the frontier, as PNG and SVG beside the program file."""
    from ..optimize import Scores

    candidates = compilation.session.candidates
    tried = [Scores.of(candidate, candidates.valkeys) for candidate in candidates.whole()]
    title = f"{settings['preset']} compiled for {settings['task']} with {settings['optimizer']}"
    return draw_frontier(made, tried, title, output)


def save(made: "Compiled", output: Path, *, frontier: bool) -> list[Path]:
    """Write the program file and, where `frontier` says so, every program of the frontier as `NAME.frontier-N.json`.

    Returns:
        The files of the frontier, in its order.

    Raises:
        CopeError: when one cannot be written.
    """
    from ..optimize.compiler.result import save_program

    about = {name: value for name, value in made.provenance.items() if name not in _PASSING}
    save_program(made.program, output, about)
    if not frontier:
        return []
    files = []
    for number, (program, scores) in enumerate(made.frontier, 1):
        place = output.with_name(f"{output.stem}.frontier-{number}.json")
        files.append(save_program(program, place, _of(about, scores, number, made)))
    return files


def _of(
    about: Mapping[str, Any], scores: "Scores", number: int, made: "Compiled"
) -> dict[str, Any]:
    """The provenance of a program of the frontier."""
    return {
        **about,
        "scores": {"before": made.before.as_dict(), "after": scores.as_dict()},
        "frontier": f"{number} of {len(made.frontier)}, the cheapest first",
    }
