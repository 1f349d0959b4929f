"""Texts as vectors of hashed character n-grams, which need no model and are equal everywhere."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np

from ..util.arrays import Array

SIZE = 4096
"""Entries of a vector; n-grams are hashed into them."""

_DENSE_SHARE = 0.2  # of entries that are not zero, from which rows count as dense
_NGRAM_LENGTHS = (3, 4, 5)  # characters, within words


def normalize_text(text: str) -> str:
    """Return a text without differences of white space and case.

    >>> normalize_text(" How  many? ")
    'how many?'
    """
    return " ".join(text.split()).casefold()


def ngrams(text: str) -> list[str]:
    """Return the character n-grams of a text, each within a word and its two spaces.

    >>> ngrams("of")
    [' of', 'of ', ' of ', ' of ']
    """
    found = []
    for word in text.split():
        padded = f" {word} "
        for length in _NGRAM_LENGTHS:
            for start in range(max(1, len(padded) - length + 1)):
                found.append(padded[start : start + length])
    return found


def term_weights(text: str) -> dict[int, float]:
    """Return 1 + log of the count of each hashed n-gram of a text, by its entry."""
    counts = Counter(crc32(ngram.encode()) % SIZE for ngram in ngrams(text))
    return {entry: 1 + math.log(count) for entry, count in counts.items()}


def inverse_frequencies(rows: Any, questions: int) -> Array:
    """Return (entries,) the weight of each n-gram: the fewer questions contain it, the more.

    Args:
        rows: (questions, entries) of term weights, dense or sparse.
        questions: number of questions.
    """
    containing = np.asarray((rows > 0).sum(axis=0)).reshape(-1)
    return np.log((1 + questions) / (1 + containing)) + 1


def sparse_rows(texts: Sequence[str]) -> Any:
    """Return (texts, entries) of term weights, as a sparse matrix of SciPy's."""
    from scipy.sparse import csr_array  # most commands need no vectors

    found = [_term_arrays(normalize_text(text)) for text in texts]
    ends = np.cumsum([0, *(len(columns) for columns, _ in found)])
    columns = np.concatenate([columns for columns, _ in found] or [np.zeros(0, np.int32)])
    values = np.concatenate([values for _, values in found] or [np.zeros(0)])
    return csr_array((values, columns, ends), shape=(len(texts), SIZE), dtype=float)


@lru_cache(maxsize=8192)
def _term_arrays(text: str) -> tuple[Array, Array]:
    """Return entries and term weights of a text; fits on parts of the same questions share them."""
    terms = term_weights(text)
    return np.array(list(terms), np.int32), np.array(list(terms.values()))


def tfidf(texts: Sequence[str], frequencies: Array) -> Any:
    """Return (texts, entries) of TF-IDF vectors of length 1, as a sparse matrix of SciPy's.

    Args:
        texts: the texts.
        frequencies: (entries,) from `inverse_frequencies`.
    """
    return unit_rows(sparse_rows(texts) * frequencies)


def similarities(rows: Any, others: Any) -> Array:
    """Return (rows, others): the scalar products of sparse rows.

    The rows of long texts are hardly sparse, and their product is much faster as dense arrays.
    """
    if others.nnz > _DENSE_SHARE * others.shape[0] * SIZE:
        return rows.toarray() @ others.toarray().T
    return (rows @ others.T).toarray()


def unit_rows(rows: Any) -> Any:
    """Return sparse rows at length 1; empty rows stay empty."""
    lengths = np.sqrt(np.asarray((rows * rows).sum(axis=1)).reshape(-1))
    return (rows.T / np.maximum(lengths, 1e-12)).T.tocsr()
