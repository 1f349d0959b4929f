"""One step of a system, for which tables print one row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


def tiers_label(planner: str | None, reasoner: str) -> str:
    """Format which tier does what.

    >>> tiers_label("large", "small"), tiers_label(None, "large")
    ('large plans, small solves', 'large solves')
    """
    if planner:
        return f"{planner} plans, {reasoner} solves"
    return f"{reasoner} solves"


@dataclass(frozen=True)
class Stage:
    """One step of a system.

    A question that a later stage answers counts as escalated past the earlier ones, whether the
    system asked those or not.

    Attributes:
        number: from 1.
        label: which tier does what, for example "large plans, small solves".
        tiers: the tiers that the stage asks.
        samples: number of answers that it draws.
        threshold: the confidence at or above which its answer is accepted; None when its answer is
            always accepted.
    """

    number: int
    label: str
    tiers: tuple[str, ...]
    samples: int = 1
    threshold: float | None = None

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return the stage that a run's file holds; keys that only other versions know are ignored.

        Raises:
            KeyError: when a field is missing.
            TypeError: when it is no stage.
        """
        return cls(
            int(plain["number"]),
            str(plain["label"]),
            tuple(str(tier) for tier in plain["tiers"]),
            int(plain["samples"]),
            plain["threshold"],
        )
