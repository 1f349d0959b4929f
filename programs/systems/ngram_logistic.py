"""A logistic regression on the character n-grams of a text, and on a few numbers besides.

Published scorers are language models (DistilBERT in FrugalGPT, BERT or embeddings in RouteLLM).
This one needs no model, is fitted in a second, and is the same on every machine.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ...util.arrays import Array
from ..ngram_vectors import SIZE, inverse_frequencies, sparse_rows, tfidf, unit_rows

RIDGE = 1.0
"""Weight of the penalty on the squared coefficients; that of scikit-learn with C = 1."""

_DIGITS = 5  # of saved coefficients
_CLIP = 30.0


class NgramLogistic:
    """A fitted regression: P(1) = 1 / (1 + exp(-(intercept + v(text) . w + numbers . u))).

    v(text) is the TF-IDF vector of the text's hashed character n-grams, of length 1.

    Args:
        frequencies: (entries,) the inverse frequency of each n-gram.
        weights: (entries,) w.
        extra: (numbers,) u.
        intercept: of the linear predictor.
    """

    def __init__(self, frequencies: Array, weights: Array, extra: Array, intercept: float) -> None:
        self.frequencies, self.weights = np.asarray(frequencies), np.asarray(weights)
        self.extra, self.intercept = np.asarray(extra, dtype=float), float(intercept)
        if self.frequencies.shape != (SIZE,) or self.weights.shape != (SIZE,):
            raise ValueError("the coefficients are not one for each n-gram")

    def probability(self, texts: Sequence[str], numbers: Array | None = None) -> Array:
        """Return (texts,) of probabilities.

        Args:
            texts: the texts.
            numbers: (texts, numbers), where it was fitted with some.
        """
        linear = tfidf(texts, self.frequencies) @ self.weights + self.intercept
        if numbers is not None:
            linear = linear + numbers @ self.extra
        return sigmoid(linear)

    @classmethod
    def fit(cls, texts: Sequence[str], targets: Array, numbers: Array | None = None) -> Self:
        """Fit by the L-BFGS method, with a ridge penalty on all coefficients but the intercept.

        Args:
            texts: the texts.
            targets: (texts,), 0 to 1.
            numbers: (texts, numbers) of further features.
        """
        from scipy.optimize import minimize

        terms = sparse_rows(texts)
        frequencies = inverse_frequencies(terms, len(texts)).round(_DIGITS)
        vectors = unit_rows(terms * frequencies)
        more = np.zeros((len(texts), 0)) if numbers is None else np.asarray(numbers, dtype=float)
        count = more.shape[1]

        def loss(beta: Array) -> tuple[float, Array]:
            weights, extra, intercept = beta[:SIZE], beta[SIZE : SIZE + count], beta[-1]
            linear = vectors @ weights + more @ extra + intercept
            off = sigmoid(linear) - targets
            value = (np.logaddexp(0, linear) - targets * linear).sum()
            value += RIDGE / 2 * (beta[:-1] ** 2).sum()
            gradient = np.concatenate([vectors.T @ off, more.T @ off, [off.sum()]])
            gradient[:-1] += RIDGE * beta[:-1]
            gradient[-1] += 1e-3 * intercept  # keeps it finite where all targets are equal
            return value + 1e-3 / 2 * intercept**2, gradient

        start = np.zeros(SIZE + count + 1)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
        found = found.round(_DIGITS)
        return cls(frequencies, found[:SIZE], found[SIZE : SIZE + count], found[-1])

    def state(self) -> dict[str, Any]:
        """Return the coefficients as plain data; n-grams that no text had are left out."""
        used = np.flatnonzero(self.weights)
        return {
            "entries": used.tolist(),
            "weights": self.weights[used].round(_DIGITS).tolist(),
            "frequencies": self.frequencies.round(_DIGITS).tolist(),
            "extra": self.extra.round(_DIGITS).tolist(),
            "intercept": round(self.intercept, _DIGITS),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the regression that `state` described.

        Raises:
            KeyError: for other data; so do TypeError and ValueError.
        """
        weights = np.zeros(SIZE)
        weights[np.array(state["entries"], dtype=int)] = np.array(state["weights"], dtype=float)
        frequencies = np.array(state["frequencies"], dtype=float)
        extra = np.array(state["extra"], dtype=float)
        return cls(frequencies, weights, extra, float(state["intercept"]))


def sigmoid(linear: Array) -> Array:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return 1 / (1 + np.exp(-np.clip(linear, -_CLIP, _CLIP)))
