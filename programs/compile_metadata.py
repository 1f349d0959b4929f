"""What a program file says about its compile."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..models.team import PROMPT_SETTINGS
from .saved_state import read_state
from .systems.trained_file import is_trained, load_trained


def read_compile_metadata(file: Path | None) -> dict[str, Any]:
    """Return what a file says about the compile of a program, or the training of a system.

    Returns:
        Empty for a program that was never compiled.
    """
    if file is None:
        return {}
    if is_trained(file):
        return load_trained(file).metadata()
    compiled = read_state(file).get("compiled")
    return compiled if isinstance(compiled, dict) else {}


def describe_compile(file: Path) -> str:
    """Describe what a program was compiled for, with which optimizer, and what it gained."""
    compiled = read_compile_metadata(file)
    scores = compiled.get("scores", {})
    gain = ""
    if "test before" in scores and "test after" in scores:
        gain = _describe_gain(scores["test before"], scores["test after"], "test")
    elif "before" in scores and "after" in scores:
        gain = _describe_gain(scores["before"], scores["after"], "validation")
    return f"compiled for {compiled['task']} with {compiled['optimizer']}{gain}"


def _describe_gain(before: Mapping[str, Any], after: Mapping[str, Any], split: str) -> str:
    accuracies = f"{before['accuracy']:.1%} -> {after['accuracy']:.1%}"
    return f": {accuracies} of {after['n']} {split} questions"


def setting_mismatches(compiled: Mapping[str, Any], current: Mapping[str, Any]) -> str | None:
    """Describe the settings that differ from those of a program's compile; None without any.

    More context than at the compile changes nothing. Less may cut prompts off.

    Args:
        compiled: the metadata of a compile; a setting that it lacks counts as the same.
        current: the settings of `cope.models.team.PROMPT_SETTINGS` by name, and under `shown` a
            description of the tests that models see.

    >>> setting_mismatches({"adapter": "json"}, {"adapter": "lean"}).partition(":")[0]
    'the program was compiled with --adapter json, and here it is lean'
    """
    mismatches = []
    for name in PROMPT_SETTINGS:
        then, now = compiled.get(name), current.get(name)
        if then is None or now is None or then == now:
            continue
        if name == "context" and then < now:
            continue
        mismatches.append(f"--{name.replace('_', '-')} {then}, and here it is {now}")
    then, now = compiled.get("shown"), current.get("shown")
    if then and now and then != now:
        mismatches.append(f"{then}, and here {now}")
    if not mismatches:
        return None
    return (
        f"the program was compiled with {'; '.join(mismatches)}: "
        "ask it in the same way to measure what was compiled"
    )
