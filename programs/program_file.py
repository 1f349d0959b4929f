"""Load programs from their files."""

from pathlib import Path
from typing import Any

from ..models import Team
from .cascade import Cascade


def load_program(path: str | Path, team: Team | None = None, **options: Any) -> Cascade:
    """Load a program that `Cascade.save` wrote: its preset, instructions and demonstrations.

    Args:
        path: the file.
        team: the tiers; the default pair of embedded models when None.
        options: more arguments of the program, such as `seed`.

    Returns:
        A `Cascade`, or an `Ensemble` when the file holds several programs whose answers vote.

    Raises:
        CopeError: when the file is no such program, or holds an unknown key.
    """
    return Cascade.from_file(path, team, **options)
