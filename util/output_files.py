"""Check the output file of a command before it starts."""

from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import CopeError


def check_output(
    output: Path,
    inputs: Iterable[Path | None],
    kind: str,
    is_kind: Callable[[Path], bool],
    *,
    force: bool | None = None,
) -> None:
    """Raise an error if writing `output` would overwrite an input or an unrelated file.

    Args:
        output: where the command is to write.
        inputs: what it reads.
        kind: what it writes, in a word.
        is_kind: whether a file is one of these, which may be replaced.
        force: whether the user says to write over other files too; None where a command has no such
            option.

    Raises:
        CopeError: when it is one of the inputs, or something else is there.
    """
    if not output.exists():
        return
    if not output.is_file() and not output.is_dir():  # a device: reading it may never end
        raise CopeError(f"{output} is not a file: name another with -o")
    if any(file is not None and file.exists() and output.samefile(file) for file in inputs):
        raise CopeError(f"{output} is what this command reads: name another file with -o")
    if not force and not is_kind(output):
        remedy = "take it away first" if force is None else "write over it with --force"
        raise CopeError(
            f"{output} is there and is no {kind}: name another file with -o, or {remedy}"
        )
