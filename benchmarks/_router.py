"""A router that sees the question's text and nothing else: who answers is decided before any model is asked."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def chance_right(
    train: Sequence[str] | Array, right: Array, questions: Sequence[str] | Array
) -> Array:
    """How likely the small model is right on questions, by logistic regression on the words of the text.

    Features are words and pairs of words, weighted by TF-IDF. Routers before generation are mostly classifiers of this kind
    (Ding et al. 2024; Ong et al. 2024), with a language model in the place of the words.

    Args:
        train: questions on which the small model's answer is known.
        right: (train,) of bool: it is right.
        questions: those to judge.

    Returns:
        (questions,), 0 to 1; all the same where the small model is right on all that it is trained on, or on none.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        return np.full(len(questions), float(right.all()))
    words: Any = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    model = LogisticRegression(max_iter=1000).fit(words.fit_transform(train), right)
    return model.predict_proba(words.transform(questions))[:, 1]


def sent(chance: Array, share: float, seed: int) -> Array:
    """The questions that are sent to the large model: those on which the small one is least likely to be right.

    Args:
        chance: (questions,) that the small model is right.
        share: of the questions to send; at most all are.
        seed: by which equals are ordered.

    >>> sent(np.array([0.9, 0.2, 0.5, 0.7]), 0.5, 0).tolist()
    [False, True, True, False]
    """
    shuffled = np.random.default_rng(seed).permutation(len(chance))
    order = shuffled[np.argsort(chance[shuffled], kind="stable")]
    chosen = np.zeros(len(chance), dtype=bool)
    chosen[order[: round(min(1.0, share) * len(chance))]] = True
    return chosen
