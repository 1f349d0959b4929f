"""The contents of a recording as text."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from ...programs.systems.stage import tiers_label
from ...util.result_table import ResultTable
from ...util.tables import models_text, new_table, percent, print_sentence
from .other_usage import other_usage_lines

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


def replay_hint(contents: Mapping[str, Any]) -> str:
    """Return the size of a recording's file, and the command that replays it."""
    name = contents["file"]
    return f"{name} ({contents['bytes']:,} bytes); replay it with: cope eval --replay {name}"


def print_recording(console: Console, contents: Mapping[str, Any]) -> None:
    """Print the contents of a recording.

    Args:
        console: prints the text.
        contents: see `recording_contents`.
    """
    models = models_text(contents["models"])
    title = f"{contents['task']}, {contents['questions']} questions: {models}"
    print_sentence(console, title, (contents["task"],))
    console.print(_rounds_table(contents["programs"]))
    for line in _notes(contents):
        print_sentence(console, line)


def _rounds_table(programs: list[Mapping[str, Any]]) -> ResultTable:
    table = new_table(_COLUMNS, left=("program", "round"))
    for program in programs:
        for row in program["rounds"]:
            table.add_row(
                program["name"] if row["round"] == 1 else "",
                f"{row['round']} {tiers_label(row['planner'], row['reasoner'])}",
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
    return lines + other_usage_lines(contents.get("other_usage", ()))
