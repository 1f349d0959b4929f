"""The compiled programs that come with the package, and which of them is for some preset, task and models."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .domains.registry import DEFAULT_DOMAIN
from .preset import Preset, load_preset, parse_preset

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
    """The file of the program that was compiled for just this; None when there is none.

    Args:
        preset: the rounds; those of the file must be the same ones.
        task: the task's name. None for a question of no task: then only a program serves whose file says that it is for
            any question of its domain (`"for": "domain"` in what it was compiled on).
        models: each tier's model by the name that a team is given; those of all the preset's tiers must be the file's.
        domain: the kind of questions.
        context: tokens that a request may have; a program whose prompts were compiled for more does not serve.
        folder: where to look instead of in the package.

    >>> find_bundled_program("cope", "gsm8k", {"small": "openai/one", "large": "openai/other"}) is None
    True
    """
    wanted = load_preset(preset, models) if isinstance(preset, str) else preset
    for path in sorted((folder or FOLDER).glob("*.json")):
        state = json.loads(path.read_text(encoding="utf-8"))
        about: dict[str, Any] = state["compiled"]
        same = (
            state.get("domain", DEFAULT_DOMAIN) == domain
            and (about.get("for") == "domain" if task is None else about["task"] == task)
            and all(
                tier in models and about["models"].get(tier) == models[tier]
                for tier in wanted.tiers
            )
            and (context is None or context >= about.get("context", 0))
        )
        if same and _same_rounds(parse_preset(state["preset"], path.name), wanted):
            return path
    return None


def _same_rounds(one: Preset, other: Preset) -> bool:
    return (one.name, one.rounds) == (other.name, other.rounds)
