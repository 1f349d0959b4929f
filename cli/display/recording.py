"""What is in a record, as a table or as plain data."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...eval import RecordedRound


def contents(path: Path) -> dict[str, Any]:
    """A record's questions, programs and rounds, and what its programs come to when they are replayed.

    Raises:
        CopeError: when there is no such record.
    """
    from ...eval import Recording, Replay
    from ...stats.intervals import known_or_none

    record = Recording.open(path)
    manifest = record.manifest
    programs = []
    for name, rounds in record.programs.items():
        from ...eval.replay.match import recorded_program

        replay = Replay(record, recorded_program(record, name))
        programs.append(
            {
                "name": name,
                "accuracy": known_or_none(replay.outcomes().score.mean()),
                "thresholds": list(replay.thresholds),
                "rounds": [_round(round_) for round_ in rounds],
            }
        )
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "task": manifest.task,
        "source": manifest.source,
        "questions": len(record),
        "models": manifest.models,
        "seed": manifest.seed,
        "programs": programs,
        "doubtful": int(record.doubtful.sum()),
        "data_fingerprint": manifest.data_fingerprint,
        "unlabelled": int((~record.labelled).sum()),
        "failed": manifest.failed,
        "left_out": manifest.left_out,
    }


def _round(round_: "RecordedRound") -> dict[str, Any]:
    import numpy as np

    from ...stats.intervals import known_or_none

    kinds = [calls for calls in (round_.plan_calls, round_.reason_calls) if calls]
    return {
        "round": round_.number,
        "planner": round_.spec.planner,
        "reasoner": round_.spec.reasoner,
        "samples": round_.samples,
        "right": known_or_none(np.where(np.isnan(round_.scores), np.nan, round_.right).mean()),
        "unread": int((round_.answers == None).sum()),  # noqa: E711
        "calls": int(sum(calls.calls.sum() for calls in kinds)),
        "prompt_tokens": _whole(sum(calls.prompt_tokens.sum() for calls in kinds)),
        "written_tokens": _whole(sum(calls.completion_tokens.sum() for calls in kinds)),
    }


def _whole(total: float) -> int | None:
    return None if total != total else int(total)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def print_contents(found: dict[str, Any]) -> None:
    """The contents on stdout, and how to go on on stderr."""
    from rich.console import Console
    from rich.table import Table

    console = Console() if sys.stdout.isatty() else Console(width=140)
    models = ", ".join(f"{tier} {model}" for tier, model in found["models"].items())
    console.print(
        f"[bold]{found['task']}[/bold], {found['questions']} questions: {models}", highlight=False
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (
        "program",
        "round",
        "samples",
        "a sample is right",
        "unread",
        "calls",
        "prompt tokens",
        "written tokens",
    ):
        table.add_column(name, justify="left" if name in ("program", "round") else "right")
    for program in found["programs"]:
        for row in program["rounds"]:
            who = (
                f"{row['planner']} plans, {row['reasoner']} solves"
                if row["planner"]
                else f"{row['reasoner']} solves"
            )
            table.add_row(
                program["name"] if row["round"] == 1 else "",
                f"{row['round']} {who}",
                str(row["samples"]),
                _share(row["right"]),
                str(row["unread"]),
                f"{row['calls']:,}",
                *(
                    "unknown" if row[name] is None else f"{row[name]:,}"
                    for name in ("prompt_tokens", "written_tokens")
                ),
            )
    console.print(table)
    for program in found["programs"]:
        gates = ", ".join(f"{threshold:g}" for threshold in program["thresholds"])
        told = f" with thresholds {gates}" if gates else ""
        console.print(
            f"{program['name']}{told}: accuracy {_share(program['accuracy'])}", highlight=False
        )
    if found["unlabelled"]:
        console.print(f"{found['unlabelled']} questions have no right answer", highlight=False)
    for why, count in found["left_out"].items():
        console.print(f"{count} questions are left out: {why}", highlight=False)
    if found["doubtful"]:
        console.print(
            f"{found['doubtful']} questions have votes whose equality depends on which comes first: a live run may count them "
            "in another way",
            highlight=False,
        )
    print(
        f"{found['file']} ({found['bytes']:,} bytes); replay it with: cope eval --replay {found['file']}",
        file=sys.stderr,
    )
