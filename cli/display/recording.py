"""The contents of a record as a table."""

import sys
from collections.abc import Mapping
from typing import Any

from rich.table import Table

from ...util.tables import models_text, new_table, percent
from .tables import result_console, round_label

_COLUMNS = (
    "program",
    "round",
    "samples",
    "a sample is right",
    "unread",
    "calls",
    "prompt tokens",
    "written tokens",
)


def print_recording(contents: Mapping[str, Any]) -> None:
    """Print a record's contents on stdout, and the command that replays it on stderr.

    Args:
        contents: see `cope.eval.recording.contents.recording_contents`.
    """
    console = result_console()
    models = models_text(contents["models"])
    title = f"[bold]{contents['task']}[/bold], {contents['questions']} questions: {models}"
    console.print(title, highlight=False)
    console.print(_rounds_table(contents["programs"]))
    for line in _notes(contents):
        console.print(line, highlight=False)
    print(
        f"{contents['file']} ({contents['bytes']:,} bytes); "
        f"replay it with: cope eval --replay {contents['file']}",
        file=sys.stderr,
    )


def _rounds_table(programs: list[Mapping[str, Any]]) -> Table:
    table = new_table(_COLUMNS, left=("program", "round"))
    for program in programs:
        for row in program["rounds"]:
            table.add_row(
                program["name"] if row["round"] == 1 else "",
                round_label(row["round"], row["planner"], row["reasoner"]),
                str(row["samples"]),
                percent(row["right"], "unknown"),
                str(row["unread"]),
                f"{row['calls']:,}",
                _count(row["prompt_tokens"]),
                _count(row["written_tokens"]),
            )
    return table


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


def _notes(contents: Mapping[str, Any]) -> list[str]:
    lines = []
    for program in contents["programs"]:
        name = program["name"]
        if program["thresholds"]:
            thresholds = ", ".join(f"{threshold:g}" for threshold in program["thresholds"])
            name += f" with thresholds {thresholds}"
        lines.append(f"{name}: accuracy {percent(program['accuracy'], 'unknown')}")
    if contents["unlabelled"]:
        lines.append(f"{contents['unlabelled']} questions have no right answer")
    for reason, count in contents["left_out"].items():
        lines.append(f"{count} questions are left out: {reason}")
    if contents["doubtful"]:
        lines.append(
            f"{contents['doubtful']} questions have votes whose equality depends on which comes "
            "first: a live run may count them in another way"
        )
    return lines
