"""A package that brings two systems which are no cascades, and the scripted models behind them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cope import Team
from cope.models import Price, ScriptedEngine
from cope.programs import SYSTEMS
from support.third_party import installed

SOURCE = '''
import dspy
from cope.programs import Stage, at_stage, make_cascade


class ByLength:
    """Gives long questions to the frontier tier. It is built from two cascades."""

    name, tiers = "by-length", ("small", "frontier")
    stages = (Stage(1, "small, short questions", ("small",)), Stage(2, "frontier", ("frontier",)))

    def __init__(self, team, options):
        self.domain, self.seed = options.domain, options.seed
        self.cascades = [make_cascade(tier, team, options) for tier in self.tiers]

    async def acall(self, **inputs):
        number = 2 if len(inputs["question"]) > 14 else 1
        with at_stage(number):
            return await self.cascades[number - 1].acall(**inputs)

    def fingerprint(self):
        return "by-length-14"

    def settings(self):
        return {"seed": self.seed}

    def concurrency(self):
        return 4


class Checked:
    """Asks the small tier whether its answer is right, with predictors of its own."""

    name, tiers = "checked", ("small", "frontier")
    stages = (
        Stage(1, "small answers and checks itself", ("small",)),
        Stage(2, "frontier answers", ("frontier",)),
    )

    def __init__(self, team, options):
        self.domain, self.team = options.domain, team
        self.solve = dspy.Predict("question -> reasoning, answer")
        self.check = dspy.Predict("question, answer -> right: bool")

    async def acall(self, question, **inputs):
        with self.team["small"].context():
            solved = await self.solve.acall(question=question)
            checked = await self.check.acall(question=question, answer=solved.answer)
        if checked.right:
            return solved
        with at_stage(2), self.team["frontier"].context():
            return await self.solve.acall(question=question)

    def fingerprint(self):
        return "checked"

    def settings(self):
        return {}

    def concurrency(self):
        return 4


def no_tier(team, options):
    system = ByLength(team, options)
    system.name, system.tiers = "no-tier", ("small", "huge")
    return system


def not_a_system(team, options):
    return object()


def name_of_a_tier(team, options):
    system = ByLength(team, options)
    system.name = "frontier"
    return system


def wrong_name(team, options):
    return ByLength(team, options)
'''
ENTRIES = {
    "by-length": "ByLength",
    "checked": "Checked",
    "frontier": "name_of_a_tier",
    "no-tier": "no_tier",
    "not-a-system": "not_a_system",
    "wrong-name": "wrong_name",
}


@contextmanager
def systems_installed(folder: Path) -> Iterator[None]:
    """Install the package while the block runs."""
    places = {name: f"systems_package:{place}" for name, place in ENTRIES.items()}
    with installed(folder, "systems_package", SOURCE, {"cope.systems": places}, (SYSTEMS,)):
        yield


def reply(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """Right as frontier, and as small on even numbers. The small tier knows when it is wrong."""
    number = int(re.findall(r"What is (\d+)", messages[-1]["content"])[-1])
    if "right (bool)" in messages[0]["content"]:
        return str(number % 2 == 0)
    return f"Add one.\nAnswer: {number + 1 + (tier == 'small' and number % 2)}"


def scripted_pair() -> tuple[Team, dict[str, ScriptedEngine]]:
    """Return a team whose small and frontier tiers are scripted and priced, with their engines."""
    engines = {}
    for tier in ("small", "frontier"):
        engines[tier] = ScriptedEngine(
            lambda messages, request, tier=tier: reply(tier, messages, request)
        )
    prices = {"small": Price(1, 2), "frontier": Price(10, 20)}
    return Team(**engines, prices=prices, cache=False), engines
