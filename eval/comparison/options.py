"""The options of a comparison, and the systems that they name."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ...errors import CopeError
from .compare import DEFAULT_MARGIN


@dataclass(frozen=True)
class ComparisonOptions:
    """The systems of a comparison, and how they are compared.

    Attributes:
        presets: names of presets, or TOML files; empty for the default ones.
        programs: files of saved programs.
        systems: names of systems that are no presets or programs.
        against: the reference; None for the last tier alone if it is among the systems, else the
            last system.
        by: the cost measure of the conclusions; None for the first one that is known.
        margin: the difference in accuracy, as a share, within which two systems count as equally
            accurate.
        plot: the file of the picture; None for the default one.
        repeat: number of seeds, from the given one on, with which the comparison is made.
        by_field: the field of the rows by which flips are broken down; None for none.
    """

    presets: tuple[str, ...] = ()
    programs: tuple[Path, ...] = ()
    systems: tuple[str, ...] = ()
    against: str | None = None
    by: str | None = None
    margin: float = DEFAULT_MARGIN
    plot: Path | None = None
    by_field: str | None = None
    repeat: int = 1

    def requested_systems(
        self, default_presets: tuple[str, ...] = ()
    ) -> list[tuple[str, Path | None]]:
        """Return the cascades that the user names, presets first.

        Args:
            default_presets: the presets if the user names none.

        Returns:
            For each the name, and the file of a program; None for a preset.
        """
        systems: list[tuple[str, Path | None]] = []
        for name in self.presets or default_presets:
            systems.append((name, None))
        for file in self.programs:
            systems.append((str(file), file))
        return systems


def check_unique_name(name: str, names: Collection[str]) -> None:
    """Raise an error if a name is not new.

    Raises:
        CopeError: if another system has this name.
    """
    if name in names:
        raise CopeError(
            f"two systems have the name {name!r}: leave one out, or give its file another name"
        )


def check_enough_systems(names: Collection[str], against: str | None) -> None:
    """Raise an error if the systems cannot be compared.

    Raises:
        CopeError: if there are fewer than two systems, or the reference is not among them.
    """
    if len(names) < 2:
        present = ", ".join(names) or "none"
        raise CopeError(
            f"a comparison needs two systems or more, and here is {present}: name more with "
            "--presets"
        )
    if against is not None and against not in names:
        raise CopeError(f"--against {against}: no such system; there are {', '.join(names)}")
