"""The command that measures a compiled program on questions that it was not compiled on."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...eval.tasks.data import list_splits
from ...programs.options import TeamOptions
from .options import SplitOptions


def eval_command(
    task: str | None,
    split: SplitOptions,
    team: TeamOptions,
    output: Path,
    *,
    unsafe_code: bool,
    is_set: Callable[[str], bool],
) -> str:
    """Return the command `cope eval` for a compiled program, as a shell reads it.

    Args:
        task: the task's name; None if a file defines it.
        split: where the questions of the compile come from.
        team: the options of the team.
        output: the program's file.
        unsafe_code: whether programs run without a sandbox.
        is_set: returns whether the user set the option of a name; defaults are left out.
    """
    words = ["cope", "eval", *([task] if task else []), "--program", str(output)]
    if split.data:
        has_test = "test" in list_splits(split.data)
        words += ["--data", split.data if has_test else "OTHER.jsonl"]
    values: dict[str, Any] = {"small": team.small, "large": team.large}
    values |= team.request_settings()
    values |= {"visible": split.visible, "match": split.match}
    values |= {"weights": team.weights, "domain": split.domain}
    values["task_file"] = split.task_file and split.task_file.path
    if split.columns is not None:
        values |= split.columns.as_dict()
    for name, value in values.items():
        if is_set(name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    for name, model in team.tiers.items():
        words += ["--tier", f"{name}={model}"]
    if unsafe_code:
        words.append("--unsafe-code")
    return shlex.join(words)
