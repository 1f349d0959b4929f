"""Fit a logistic regression with a small ridge penalty."""

from dataclasses import dataclass

import numpy as np

from ..util.arrays import Array

RIDGE = 1.0
"""Weight of the penalty on the coefficients of standardized features."""

_STEPS = 100
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class LogisticFit:
    """A fitted logistic regression.

    Attributes:
        intercept: of the linear predictor.
        weights: (features,) of the linear predictor.
    """

    intercept: float
    weights: tuple[float, ...]

    def probability(self, features: Array) -> Array:
        """Return (items,) probabilities for (items, features)."""
        linear = self.intercept + np.asarray(features, dtype=float) @ np.array(self.weights)
        return 1 / (1 + np.exp(-np.clip(linear, -500, 500)))


def fit_logistic(features: Array, targets: Array, ridge: float = RIDGE) -> LogisticFit:
    """Fit by Newton's method (iteratively reweighted least squares, with a ridge penalty).

    The penalty keeps the fit finite where a feature separates the classes completely. The
    intercept is not penalized, except very slightly where all targets are equal.

    Args:
        features: (items, features).
        targets: (items,), 0 to 1.
        ridge: the weight of the penalty on standardized features.

    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fit = fit_logistic(x, np.array([0.0, 0.0, 1.0, 1.0]))
    >>> bool(fit.probability(x)[0] < 0.5 < fit.probability(x)[3])
    True
    """
    mean = features.mean(axis=0)
    spread = features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    penalty = np.diag([1e-3] + [ridge] * features.shape[1])
    beta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
        gradient = design.T @ (targets - p) - penalty @ beta
        curvature = (design * (p * (1 - p))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, gradient)
        # Half steps keep Newton's method from overshooting on few items.
        step = step / max(1.0, float(np.abs(step).max()) / 2)
        beta = beta + step
        if np.abs(step).max() < _TOLERANCE:
            break
    weights = beta[1:] / spread
    return LogisticFit(float(beta[0] - weights @ mean), tuple(float(w) for w in weights))
