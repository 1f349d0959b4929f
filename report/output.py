"""Write the page to a file, and attach it to the MLflow run of its source."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..tracking import Tracker, store_file, store_uri
from ..util.redact import redact
from .page import render_page
from .sources.base import ReportSource


def write_page(source: ReportSource, found: dict[str, Any], output: Path) -> None:
    """Write the page to a partial file, and rename the file when it is complete.

    Args:
        source: what the page is about.
        found: its figures, see `report_data`.
        output: the page.

    Raises:
        CopeError: when the file cannot be written.
    """
    partial = output.with_name(f"{output.name}.partial")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(map(redact, render_page(source, found)))
        partial.replace(output)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise CopeError(
            f"cannot write {output}: {error.strerror}; name another file with -o"
        ) from None


def written_files(output: Path, pictures: Sequence[Path], tracked: str | None) -> dict[str, Any]:
    """Return the files of a page and its MLflow run as plain data."""
    names = [str(file) for file in pictures]
    return {"page": str(output), "pictures": names, "mlflow_run": tracked}


def page_line(
    found: dict[str, Any], output: Path, pictures: Sequence[Path], tracked: str | None
) -> str:
    """Return a line about a page: its size, its pictures, and the MLflow run that has it."""
    size = output.stat().st_size / 1e6
    more = [f"{size:.1f} MB, {found['questions']:,} questions"]
    more += [f"{len(pictures)} pictures in {pictures[0].parent}"] if pictures else []
    more += [f"attached to MLflow run {tracked}"] if tracked else []
    return "; ".join(more)


def attach_page(
    tracker: Tracker, source: ReportSource, page: Path, store: str | None = None
) -> str | None:
    """Attach a page to the MLflow run of its source.

    Args:
        tracker: the tracking system.
        source: what the page is about.
        page: the file.
        store: the address of the store; None for the one that the source names.

    Returns:
        The id of the run; None for a source without a run.

    Raises:
        CopeError: when there is no such store or run.
    """
    if not source.mlflow_run:
        return None
    uri = store_uri(store or source.mlflow_store)
    file = store_file(uri)
    if file is not None and not file.is_file():
        raise CopeError(f"there is no store {file}: name it with --store")
    tracker.earlier_run(source.mlflow_run, uri).log_artifact(page)
    return source.mlflow_run
