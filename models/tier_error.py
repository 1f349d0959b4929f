"""The error for a tier that a team lacks."""

from collections.abc import Iterable
from difflib import get_close_matches

from ..errors import CopeError


def unknown_tier_error(name: str, tiers: Iterable[str]) -> CopeError:
    """Return the error for the name of a tier that the team lacks, with the option that adds it."""
    names = list(tiers)
    near = get_close_matches(str(name), names, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return CopeError(
        f"no tier is named {name!r}: the team has {', '.join(names)}; {hint}"
        f"--tier {name}=MODEL adds a tier, as the keyword {name} of Team does"
    )
