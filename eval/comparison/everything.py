"""All presets and systems, which `--presets all` stands for."""

from collections.abc import Collection
from typing import Any

from ...models import Team
from ...programs import Cascade
from ...programs.preset import load_preset, preset_names
from ...programs.systems.registry import SYSTEMS
from ...util.hashing import digest

ALL = "all"
"""The name that stands for all presets and systems."""

DEFAULT_PRESETS = ("cope", "answer-cascade", "small", "large")
"""The presets of a comparison that names none; of all presets they come first."""

_JUDGE = "judge"


def all_presets(team: Team) -> list[str]:
    """Return the names of the package's presets, and of the team's tiers alone.

    A preset that names its confidence comes before one that does not: where both decide alike, the
    one that says how is compared.
    """

    def names_none(name: str) -> bool:
        return all(round_.confidence is None for round_ in load_preset(name).rounds)

    tiers = [tier for tier in team.tiers if tier != _JUDGE]
    rest = sorted(preset_names(), key=names_none)
    return list(dict.fromkeys([*DEFAULT_PRESETS, *rest, *tiers]))


def other_systems(given: Collection[str]) -> list[str]:
    """Return the names of the systems that are not among the given ones."""
    return [name for name in SYSTEMS if name not in given]


def decisions_digest(cascade: Cascade) -> str:
    """Return a digest of a cascade's calls and decisions, of which its name is no part."""
    state: dict[str, Any] = dict(cascade.dump_state())
    del state["preset"]
    rounds = []
    for number, round_ in enumerate(cascade.preset.rounds, 1):
        rounds.append(round_.identity() | {"confidence": cascade.confidence_of(number).kind})
    return digest(rounds, state)
