"""Name the MLflow runs of all commands alike: by task, program and data."""

from collections.abc import Iterable
from pathlib import Path

from ..util.text import shorten

_MAX_CHARS = 250  # of a run's name in MLflow's databases


def run_name(
    task: str, programs: Iterable[str | Path], data: str | Path | None, detail: str = ""
) -> str:
    """Return the name of a run.

    Args:
        task: the task's name.
        programs: the names of presets or systems, or the files of programs.
        data: the file of the questions or its name, or the split of the task's own set.
        detail: what else distinguishes runs, such as the optimizer of a compile.

    >>> run_name("gsm8k", ["cope"], "test")
    'gsm8k cope on test'
    >>> run_name("jsonl", [Path("made/shots.json")], Path("my/q.jsonl"), "gepa")
    'jsonl shots.json gepa on q.jsonl'
    """
    names = ", ".join(Path(program).name for program in programs)
    parts = [task, names, detail, f"on {Path(data).name}" if data else ""]
    return shorten(" ".join(filter(None, parts)), _MAX_CHARS)
