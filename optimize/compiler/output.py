"""Write the files of a compile: the program, the programs of the Pareto front, and its plot."""

import os
from collections.abc import Mapping
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...programs.compile_metadata import read_compile_metadata
from .compilation import Compilation
from .frontier_plot import draw_frontier
from .result import CompileResult, ValidationScores, save_program

_NOT_SAVED = ("plots",)  # provenance of a tracked run, not of the file


def check_output_path(
    output: Path, compile_id: str, *, overwrite: bool = False, frontier: bool = False
) -> None:
    """Check that the program file can be written, before money is spent on it.

    Args:
        output: the program file.
        compile_id: the compile's name; programs of the same compile may be replaced.
        overwrite: whether every file may be replaced.
        frontier: whether the programs of the Pareto front are written too.

    Raises:
        CopeError: when it could not be written, or would replace a file of another compile.
    """
    folder = next(parent for parent in output.absolute().parents if parent.exists())
    is_other = output.exists() and not output.is_file()  # a folder, or a device without an end
    if is_other or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CopeError(f"cannot write the program {output}: choose another place with -o")
    if overwrite:
        return
    paths = [output]
    if frontier:
        paths += sorted(output.parent.glob(f"{escape(output.stem)}.frontier-*.json"))
    for path in paths:
        if path.exists() and _compile_id_of(path) != compile_id:
            raise CopeError(
                f"{path} is there already, and not from this compile: choose another place with "
                "-o, or overwrite it with --force"
            )


def _compile_id_of(file: Path) -> str | None:
    """Return the compile that a program file names; None for any other file."""
    try:
        return read_compile_metadata(file).get("compile")
    except CopeError:  # no JSON, or not a program
        return None


def pick_from_frontier(
    result: CompileResult, number: int | None, before: Mapping[str, Any]
) -> CompileResult:
    """Return the result with program `number` of the Pareto front in place of the best program.

    Args:
        result: the result; it is returned unchanged when the front has no such program.
        number: 1 for the cheapest; None for the best.
        before: the state of the program before the compile.
    """
    if number is None or number > len(result.frontier):
        return result
    program, scores = result.frontier[number - 1]
    return replace(result, program=program, after=scores, improved=program.dump_state() != before)


def add_origin(result: CompileResult, compile_id: str, start: Path | None) -> None:
    """Add to the provenance the compile's name, and the program that it started from.

    The training and validation questions of that program are added to those of the new one.

    Args:
        result: the result; its provenance is changed.
        compile_id: the compile's name.
        start: the file of the program that it started from; None for a preset.
    """
    about = result.provenance
    about["compile"] = compile_id
    if start is None:
        return
    about["start"] = start.name
    earlier = read_compile_metadata(start).get("rows")
    if not isinstance(earlier, dict):
        return
    rows = {}
    for name, current in about["rows"].items():
        rows[name] = sorted({*current, *map(str, earlier.get(name) or ())})
    about["rows"] = rows


def plot_frontier(
    result: CompileResult, compilation: Compilation, settings: Mapping[str, Any], output: Path
) -> list[Path]:
    """Draw the Pareto front as PNG and SVG next to the program file, and return both files."""
    pool = compilation.session.candidates
    evaluated = []
    for candidate in pool.fully_evaluated():
        evaluated.append(ValidationScores.from_candidate(candidate, pool.val_keys))
    title = f"{settings['preset']} compiled for {settings['task']} with {settings['optimizer']}"
    return draw_frontier(result, evaluated, title, output)


def save(result: CompileResult, output: Path, *, frontier: bool) -> list[Path]:
    """Write the program file and, if `frontier`, the Pareto front as `NAME.frontier-N.json`.

    Returns:
        The files of the front, in its order.

    Raises:
        CopeError: when one cannot be written.
    """
    about = {name: value for name, value in result.provenance.items() if name not in _NOT_SAVED}
    save_program(result.program, output, about)
    if not frontier:
        return []
    files = []
    count = len(result.frontier)
    for number, (program, scores) in enumerate(result.frontier, 1):
        one = dict(about)
        one["scores"] = {"before": result.before.as_dict(), "after": scores.as_dict()}
        one["frontier"] = f"{number} of {count}, the cheapest first"
        path = output.with_name(f"{output.stem}.frontier-{number}.json")
        files.append(save_program(program, path, one))
    return files
