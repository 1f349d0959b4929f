"""A router that sees only the question's text and selects a tier before any model is called."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def chance_right(
    train: Sequence[str] | Array, right: Array, questions: Sequence[str] | Array
) -> Array:
    """Estimate how likely the small model is right, by logistic regression on the question's words.

    Features are words and pairs of words, weighted by TF-IDF. Routers that run before generation
    are mostly classifiers of this kind (Ding et al. 2024; Ong et al. 2024), with a language model
    in place of the words.

    Args:
        train: questions on which the small model's answer is known.
        right: (train,) of bool: whether it is right.
        questions: the questions to score.

    Returns:
        (questions,), 0 to 1; constant where the small model is right on all training questions, or
        on none.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        return np.full(len(questions), float(right.all()))
    words: Any = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = LogisticRegression(max_iter=1000).fit(words.fit_transform(train), right)
    return model.predict_proba(words.transform(questions))[:, 1]


def sent(chance: Array, share: float, seed: int) -> Array:
    """Select the questions for the large model: those that the small one most likely gets wrong.

    Args:
        chance: (questions,), the probability that the small model is right.
        share: share of the questions to send; 1 at most.
        seed: orders ties.

    >>> sent(np.array([0.9, 0.2, 0.5, 0.7]), 0.5, 0).tolist()
    [False, True, True, False]
    """
    shuffled = np.random.default_rng(seed).permutation(len(chance))
    order = shuffled[np.argsort(chance[shuffled], kind="stable")]
    chosen = np.zeros(len(chance), dtype=bool)
    chosen[order[: round(min(1.0, share) * len(chance))]] = True
    return chosen
