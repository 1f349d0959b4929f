"""Find the compiled program of the package for a preset, a task and models."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .domains.registry import DEFAULT_DOMAIN
from .preset import Preset, load_preset, parse_preset
from .saved_state import read_state

FOLDER = Path(__file__).with_name("compiled")


def find_bundled_program(
    preset: Preset | str,
    task: str | None,
    models: Mapping[str, str],
    domain: str = DEFAULT_DOMAIN,
    *,
    context: int | None = None,
    folder: Path | None = None,
) -> Path | None:
    """Return the file of the program that was compiled for these settings; None without one.

    Args:
        preset: the rounds; the file must have the same.
        task: the task's name; None for a question of no task, which only a program answers that
            serves its whole domain (`"for": "domain"` in the metadata of its compile).
        models: each tier's model; the file must name the same for all tiers of the preset.
        domain: the kind of questions.
        context: tokens that a request may have; prompts compiled for more do not fit.
        folder: the folder to search instead of the package's.

    >>> find_bundled_program("cope", "gsm8k", {"small": "openai/a", "large": "openai/b"}) is None
    True
    """
    wanted = load_preset(preset, models) if isinstance(preset, str) else preset
    for path in sorted((folder or FOLDER).glob("*.json")):
        state = read_state(path)
        if state.get("domain", DEFAULT_DOMAIN) != domain:
            continue
        if not _serves(state["compiled"], task, models, wanted, context):
            continue
        if _same_rounds(parse_preset(state["preset"], path.name), wanted):
            return path
    return None


def _serves(
    compiled: Mapping[str, Any],
    task: str | None,
    models: Mapping[str, str],
    preset: Preset,
    context: int | None,
) -> bool:
    """Return whether the metadata of a compile fits a task, models and a length of requests."""
    if task is None and compiled.get("for") != "domain":
        return False
    if task is not None and compiled["task"] != task:
        return False
    for tier in preset.tiers:
        if tier not in models or compiled["models"].get(tier) != models[tier]:
            return False
    return context is None or context >= compiled.get("context", 0)


def _same_rounds(one: Preset, other: Preset) -> bool:
    return (one.name, one.rounds, one.pregate) == (other.name, other.rounds, other.pregate)
