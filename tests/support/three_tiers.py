"""A world whose tiers are called small, mid and frontier: no tier of its preset has the name large."""

import re
from pathlib import Path
from typing import Any

from cope import Team
from cope.models import ScriptedEngine
from cope.programs.sampling import derive_seed

PRESET = """
description = "small votes, mid plans for it, frontier solves"

[[rounds]]
reasoner = "small"
samples = 4
temperature = 0.7
threshold = 0.75

[[rounds]]
planner = "mid"
plan = "guideline"
reasoner = "small"
sees = [2]
samples = 4
temperature = 0.7
threshold = 0.75

[[rounds]]
reasoner = "frontier"
sees = [2]
"""
TIERS = {"small": "model/s", "mid": "model/m", "frontier": "model/f"}


def reply(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """Right always as frontier; as small or mid right on even numbers and of several minds about odd ones."""
    last = messages[-1]["content"]
    if "Answer:" not in messages[0]["content"]:
        return "Add one, carefully."
    number = int(re.search(r"What is (\d+)", last)[1])  # type: ignore[index]
    if tier == "frontier" or number % 2 == 0:
        return f"Add one.\nAnswer: {number + 1}"
    return f"So.\nAnswer: {number + 1 + derive_seed(tier, last, request.config.seed) % 3}"


class UntouchableEngine(ScriptedEngine):
    """The team's default large tier, which nobody may ask here."""

    def __init__(self) -> None:
        super().__init__(lambda messages, request: untouchable())


def untouchable() -> str:
    raise AssertionError("the tier large was asked")


def three_tier_team(**settings: Any) -> Team:
    engines = {
        tier: ScriptedEngine(lambda messages, request, tier=tier: reply(tier, messages, request))
        for tier in TIERS
    }
    return Team(large=UntouchableEngine(), cache=False, **engines, **settings)


def write_preset(folder: Path) -> Path:
    path = folder / "trio.toml"
    path.write_text(PRESET, encoding="utf-8")
    return path
