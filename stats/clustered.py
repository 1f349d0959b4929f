"""Compute accuracy of clustered questions: the effective number of questions, and the interval."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..util.arrays import Array
from .distributions import student_upper_quantile
from .intervals import wilson

_TAIL = 0.025  # of the 95% intervals


def group_sums(values: Array, groups: Array) -> Array:
    """Return (groups,): the sum of each group's values."""
    return np.bincount(np.unique(groups, return_inverse=True)[1], weights=values)


def design_effect(values: Array, groups: Array | None) -> float:
    """Return the variance of the mean by groups, relative to that by questions (Kish 1965).

        sum over groups of (sum of its residuals)^2 / sum of the squared residuals

    It is at least 1, and 1 without groups or where all values are equal.

    Args:
        values: (questions,).
        groups: (questions,): questions with the same value form a group.

    >>> design_effect(np.array([1.0, 1.0, 0.0, 0.0]), np.array(["a", "a", "b", "b"]))
    2.0
    """
    residuals = np.asarray(values, dtype=float)
    if groups is None or not residuals.size:
        return 1.0
    residuals = residuals - residuals.mean()
    if not residuals.any():
        return 1.0
    return max(1.0, float((group_sums(residuals, groups) ** 2).sum() / (residuals**2).sum()))


def effective_counts(values: Array, groups: Array | None) -> float:
    """Return the effective number of independent questions: n divided by the design effect.

    Few groups say little about the differences between groups. So the number is also multiplied by
    (t(n - 1) / t(groups - 1))^2, with Student's t at 97.5% (Korn and Graubard 1998, Survey
    Methodology 24:193). Where all values are equal, the questions of a group may depend on each
    other completely, so a group counts as one. A single group counts as 0.

    Args:
        values: (questions,).
        groups: (questions,): questions with the same value form a group; each is a group of its own
            when None.

    >>> round(effective_counts(np.array([1.0, 0.0] * 50).repeat(3), np.arange(100).repeat(3)), 1)
    98.4
    """
    n = len(values)
    num_groups = n if groups is None else len(np.unique(groups))
    if num_groups == n:
        return float(n)
    if num_groups < 2:
        return 0.0
    all_equal = bool(np.all(np.asarray(values) == values[0]))
    ratio = student_upper_quantile(_TAIL, n - 1) / student_upper_quantile(_TAIL, num_groups - 1)
    few_groups = ratio**2
    return few_groups * (num_groups if all_equal else n / design_effect(values, groups))


def clustered_wilson(scores: Array, groups: Array | None = None) -> tuple[float, float]:
    """Return Wilson's 95% interval of the mean score, at the effective number of questions.

    Args:
        scores: (questions,), 0 to 1.
        groups: (questions,): questions with the same value form a group; each is a group of its own
            when None.

    Returns:
        Lower and upper bound; (0, 1) without data.

    >>> [round(bound, 2) for bound in clustered_wilson(np.array([1.0] * 8 + [0.0] * 2))]
    [0.49, 0.94]
    """
    n = len(scores)
    if not n:
        return 0.0, 1.0
    effective = effective_counts(scores, groups)
    if effective <= 0:
        return 0.0, 1.0
    return wilson(float(np.sum(scores)) * effective / n, effective)


def group_labels(keys: Sequence[str], group_by_key: Mapping[str, str] | None) -> Array | None:
    """Return (questions,): each question's group, or a group of its own; None without groups.

    >>> group_labels(["1", "2"], None) is None
    True
    """
    if not group_by_key:
        return None
    return np.array([group_by_key.get(key, f"question {key}") for key in keys], dtype=object)
