"""The options of a training."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrainingOptions:
    """How a system is trained.

    Attributes:
        system: its name in `SYSTEMS`.
        order: the tiers, the cheapest first; empty for `small`, all others, and `large` at the end.
        votes: number of answers that vote, of every tier but the last.
        share: the most that a question may cost on average, as a share of the last tier alone.
        costs: the cost of a question by tier, in units of the last tier's; without one it is
            measured.
        seed: decides the split, and all other randomness.
    """

    system: str
    order: tuple[str, ...] = ()
    votes: int = 1
    share: float = 0.5
    costs: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0

    def samples_by_tier(self, available: tuple[str, ...]) -> dict[str, int]:
        """Return the number of answers of each tier, the cheapest tier first.

        Args:
            available: the tiers of the team or record, in order, for an empty `order`.
        """
        tiers = self.order or available
        counts = dict.fromkeys(tiers, self.votes)
        counts[tiers[-1]] = 1
        return counts
