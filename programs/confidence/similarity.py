"""How alike texts are, by their character n-grams, and which of them say the same."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...util.arrays import Array

NGRAM = 4
SAME = 0.6
"""The similarity from which two texts count as saying the same."""


def similarities(texts: Sequence[str]) -> Array:
    """Return (texts, texts): the cosine of the counts of character n-grams.

    Case and spaces do not count.

    >>> similarities(["A small bird.", "a  small bird.", "No idea"]).round(1)[0].tolist()
    [1.0, 1.0, 0.0]
    """
    columns: dict[str, int] = {}
    counted: list[Counter[str]] = []
    for text in texts:
        plain = " ".join(text.lower().split())
        size = min(NGRAM, len(plain))
        grams = Counter(plain[at : at + size] for at in range(len(plain) - size + 1))
        counted.append(grams)
        for gram in grams:
            columns.setdefault(gram, len(columns))
    matrix = np.zeros((len(texts), max(1, len(columns))))
    for row, grams in enumerate(counted):
        for gram, count in grams.items():
            matrix[row, columns[gram]] = count
    norms = np.linalg.norm(matrix, axis=1)
    matrix /= np.where(norms > 0, norms, 1.0)[:, None]
    return matrix @ matrix.T


def group_alike(texts: Sequence[str], same: float = SAME) -> list[int]:
    """Return the group of each text; texts of a group are alike to one of them.

    The largest set of texts that are alike to one text is the first group, and so on with the rest.
    A tie goes to the text that comes first.

    >>> group_alike(["It is a red bird.", "Nobody knows.", "It is a red bird!"])
    [0, 1, 0]
    """
    alike = similarities(texts) >= same - 1e-9
    np.fill_diagonal(alike, True)
    left = np.ones(len(texts), dtype=bool)
    groups = [0] * len(texts)
    number = 0
    while left.any():
        sizes = np.where(left, (alike & left).sum(axis=1), -1)
        members = np.flatnonzero(alike[int(sizes.argmax())] & left)
        for member in members:
            groups[member] = number
        left[members] = False
        number += 1
    return groups


def medoid(texts: Sequence[str]) -> int:
    """Return the text that is most alike to all of them; the first one of a tie.

    >>> medoid(["a red bird", "a red bird sings", "a red bird sings well"])
    1
    """
    totals = similarities(texts).sum(axis=1).round(9)  # a sum may differ in its last digit
    return int(totals.argmax())
