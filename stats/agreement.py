"""Measure how well two raters agree: Cohen's kappa with a bootstrap interval."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..util.arrays import Array
from .bootstrap import Estimate, resample
from .intervals import wilson


@dataclass(frozen=True)
class Agreement:
    """The agreement of two raters on yes or no.

    Attributes:
        items: number of items that both rated.
        share: share of the items on which they agree, with Wilson's 95% interval.
        kappa: Cohen's kappa, with the 95% interval of the bootstrap over items. It is 0 for the
            agreement of chance and 1 for full agreement; not finite where one rating is all there
            is.
    """

    items: int
    share: Estimate
    kappa: Estimate

    def as_dict(self) -> dict[str, object]:
        """Return plain data."""
        document = asdict(self)
        document["share"] = self.share.as_dict()
        document["kappa"] = self.kappa.as_dict()
        return document


def agreement(first: Array, second: Array, seed: int = 0) -> Agreement:
    """Return the agreement of two raters (Cohen 1960).

        kappa = (share that agree - share expected by chance) / (1 - share expected by chance)

    Args:
        first: (items,) of bool.
        second: (items,) of bool.
        seed: of the bootstrap.

    >>> rater = np.array([True, True, False, False] * 5)
    >>> agreement(rater, rater).kappa.value, agreement(rater, ~rater).kappa.value
    (1.0, -1.0)
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    columns = {
        "n": np.ones(len(first)),
        "first": first,
        "second": second,
        "agree": (first == second).astype(float),
    }
    agreed = float(columns["agree"].sum())
    share = Estimate(agreed / len(first), *wilson(agreed, len(first)))
    return Agreement(len(first), share, resample(columns, seed=seed).estimate(_kappa))


def _kappa(sums: Mapping[str, Any]) -> Any:
    n = sums["n"]
    yes, other = sums["first"] / n, sums["second"] / n
    chance = yes * other + (1 - yes) * (1 - other)
    return (sums["agree"] / n - chance) / (1 - chance)
