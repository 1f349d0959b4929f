"""Measure how well a value separates two classes."""

import numpy as np

from ..util.arrays import Array


def auc(values: Array, positive: Array) -> float | None:
    """Return the area under the ROC curve.

    It is the chance that a positive has a higher value than a negative, where a tie counts half
    (Hanley and McNeil 1982).

    Args:
        values: (items,).
        positive: (items,) of bool.

    Returns:
        0 to 1; None without positives or without negatives.

    >>> import numpy as np
    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[index]  # equal values share their mean rank
    above = ranks[positive].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))
