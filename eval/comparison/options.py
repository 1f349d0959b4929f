"""Which systems are compared, and by what: plain options, and the systems that they name."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...errors import CopeError
from .compare import DEFAULT_MARGIN


@dataclass(frozen=True)
class ComparisonOptions:
    """Name systems, and what they are compared by.

    Attributes:
        presets: names of presets, or TOML files; empty for the usual ones.
        programs: files of saved programs.
        systems: names of systems that are no presets or programs.
        against: the reference; None for the last tier alone where it is there, else the last one.
        by: the measure of cost that conclusions speak of; None for the first that is known.
        margin: accuracy within which two systems count as equally accurate, as a share.
        plot: where the picture goes; None for its usual place.
    """

    presets: tuple[str, ...] = ()
    programs: tuple[Path, ...] = ()
    systems: tuple[str, ...] = ()
    against: str | None = None
    by: str | None = None
    margin: float = DEFAULT_MARGIN
    plot: Path | None = None

    def requested_systems(
        self, default_presets: tuple[str, ...] = ()
    ) -> list[tuple[str, Path | None]]:
        """Return the cascades that the user names, presets first: the name, and the file where it
        is a program.

        Args:
            default_presets: taken where the user names no preset.
        """
        systems: list[tuple[str, Path | None]] = []
        for name in self.presets or default_presets:
            systems.append((name, None))
        for file in self.programs:
            systems.append((str(file), file))
        return systems


def check_unique_name(name: str, names: Collection[str]) -> None:
    """Refuse the name of another system.

    Raises:
        CopeError: when a system has this name already.
    """
    if name in names:
        raise CopeError(
            f"two systems have the name {name!r}: leave one out, or give its file another name"
        )


def check_enough_systems(names: Collection[str], against: str | None) -> None:
    """Refuse a comparison of too few systems.

    Raises:
        CopeError: when there is nothing to compare, or no such reference.
    """
    if len(names) < 2:
        present = ", ".join(names) or "none"
        raise CopeError(
            f"a comparison needs two systems or more, and here is {present}: name more with --presets"
        )
    if against is not None and against not in names:
        raise CopeError(f"--against {against}: no such system; there are {', '.join(names)}")
