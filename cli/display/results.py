"""Print results: tables and sentences on stdout, and the paths of their files on stderr."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from ..output import print_json

if TYPE_CHECKING:
    from ...eval.comparison import Comparison
    from ...eval.run.summary import Summary
    from ...programs.systems.stage import Stage

WIDTH = 140


def result_console(width: int = WIDTH) -> Console:
    """Return a console on stdout: as wide as the terminal, or of a fixed width without one."""
    return Console() if sys.stdout.isatty() else Console(width=width)


def print_evaluation(
    settings: Mapping[str, Any],
    stages: "Sequence[Stage]",
    summary: "Summary",
    document: Mapping[str, Any],
) -> None:
    """Print the table of an evaluation."""
    from ...eval.run.table import print_summary

    print_summary(result_console(), settings, stages, summary)
    _print_places([f"records in {document['folder']}"], document)


def print_comparison(comparison: "Comparison", document: Mapping[str, Any]) -> None:
    """Print the tables and sentences of a comparison."""
    from ...eval.comparison.store import DOCUMENT_FILE
    from ...eval.comparison.tables import WIDTH, print_tables

    print_tables(result_console(WIDTH), comparison, document)
    places = []
    if document["folder"]:
        places.append(f"all figures in {document['folder']}/{DOCUMENT_FILE}")
    if document["pictures"]:
        places.append(f"pictures: {', '.join(document['pictures'])}")
    _print_places(places, document)


def _print_places(places: list[str], document: Mapping[str, Any]) -> None:
    if document["mlflow"]:
        places.append(f"MLflow run {document['mlflow']['run']} (see it with: cope ui)")
    if places:
        print("; ".join(places), file=sys.stderr)


def show_recording(path: Path, as_json: bool, **more: str | None) -> None:
    """Print the contents of a recording, and the command that replays it.

    Args:
        path: the file.
        as_json: whether to print JSON.
        more: further entries of the JSON document.
    """
    from ...eval.recording.contents import recording_contents
    from ...eval.recording.tables import print_recording, replay_hint

    contents = recording_contents(path)
    if as_json:
        print_json(contents | more)
        return
    print_recording(result_console(), contents)
    print(replay_hint(contents), file=sys.stderr)
