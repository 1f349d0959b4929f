"""Pairs of models that suit each other, by the kind of questions and the memory that they need."""

from dataclasses import dataclass

from ...errors import CopeError, suggest_names
from .catalog import catalog_table

DEFAULT_PAIR = "coder"
"""The pair that is used when none is named: both its models can be had everywhere."""


@dataclass(frozen=True)
class Pair:
    """Two models that suit each other.

    Attributes:
        name: the name that `--pair` takes.
        small: the small tier's model.
        large: the large tier's model.
        memory_gb: the memory that both need with their contexts, about, in GB.
        domains: the questions that it suits.
        note: what is known of it.
    """

    name: str
    small: str
    large: str
    memory_gb: float
    domains: str
    note: str

    def describe(self) -> str:
        """Return the pair as a line of `cope models list`."""
        models = f"{self.small} and {self.large}"
        return f"{self.name}: {models}; {self.memory_gb:g} GB; {self.domains}; {self.note}"


def pairs() -> dict[str, Pair]:
    """Return all known pairs by name.

    Example:
        >>> pairs()["coder"].small
        'local/qwen2.5-coder-0.5b'
    """
    return {name: Pair(name, **entry) for name, entry in catalog_table()["pairs"].items()}


def pair_by_name(name: str) -> Pair:
    """Return a pair.

    Raises:
        CopeError: when there is none with this name, with the nearest name.
    """
    known = pairs()
    if name not in known:
        raise CopeError(f"no pair is named {name!r}: {suggest_names(name, known)}")
    return known[name]
