"""The options of the bootstrap of a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..util.arrays import Array
from .bootstrap import DRAWS, Sums, resample
from .clustered import group_labels


@dataclass(frozen=True)
class Resampling:
    """How the questions are drawn again.

    Attributes:
        groups: the group of a question by its key; whole groups are then drawn. None if the
            questions are independent.
        draws: number of draws.
        seed: the seed of the draws.
    """

    groups: Mapping[str, str] | None = None
    draws: int = DRAWS
    seed: int = 0

    def labels(self, keys: Sequence[str]) -> Array | None:
        """Return (questions,): the group of each question; None without groups."""
        return group_labels(keys, self.groups)

    def sums(self, columns: Mapping[str, Array], keys: Sequence[str]) -> Sums:
        """Return the sums of columns over the questions and over each draw of them.

        Args:
            columns: (questions,) values by name.
            keys: the keys of the questions.
        """
        return resample(columns, self.labels(keys), draws=self.draws, seed=self.seed)
