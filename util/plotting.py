"""Save plots as PNG and SVG; equal data give equal files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import CopeError

FORMATS: dict[str, dict[str, Any]] = {"png": {"dpi": 130}, "svg": {"metadata": {"Date": None}}}
"""The formats, with the arguments of `savefig` for each."""


@contextmanager
def saved_figure(files: Sequence[Path], size: tuple[float, float], option: str) -> Iterator[Any]:
    """Yield a matplotlib figure, which is saved when the block ends.

    Args:
        files: the paths of the files, one for each of `FORMATS`.
        size: width and height in inches.
        option: the command's option for another path, for the error message.

    Raises:
        CopeError: when the files cannot be written.
    """
    import matplotlib
    from matplotlib.figure import Figure  # not pyplot, which looks for a window system

    # Text remains text in SVG, and equal figures give equal files.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cope", "font.size": 10}):
        figure: Any = Figure(figsize=size, layout="constrained")
        yield figure
        try:
            files[0].parent.mkdir(parents=True, exist_ok=True)
            for file, arguments in zip(files, FORMATS.values(), strict=True):
                figure.savefig(file, **arguments)
        except OSError as error:
            raise CopeError(
                f"cannot write the picture {files[0]}: {error.strerror}; "
                f"choose another place with {option}"
            ) from None
