"""Check that a preset fits the team and the questions."""

from collections.abc import Collection

from ..errors import CopeError
from ..models.tier_error import unknown_tier_error
from .preset import Preset


def check_domain(preset: Preset, domain: str) -> None:
    """Raise `CopeError` when a preset is for other kinds of questions."""
    if preset.domains and domain not in preset.domains:
        raise CopeError(
            f"the preset {preset.name!r} is for questions of kind {' and '.join(preset.domains)}, "
            f"and these are of kind {domain!r}: name another preset"
        )


def check_tiers(preset: Preset, tiers: Collection[str]) -> None:
    """Raise an error unless a team has all tiers of a preset.

    Args:
        preset: the rounds.
        tiers: the names of the team's tiers.

    Raises:
        CopeError: with the path of the first field that names another tier.
    """
    for number, spec in enumerate(preset.rounds, 1):
        for field in ("planner", "reasoner"):
            tier = getattr(spec, field)
            if tier is not None and tier not in tiers:
                error = unknown_tier_error(tier, tiers)
                raise CopeError(f"preset {preset.name!r}: rounds.{number}.{field}: {error}")
