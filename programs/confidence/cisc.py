"""CISC: votes weighted by the softmax of each sample's confidence."""

import math

import numpy as np

from ...errors import CopeError
from ...util.arrays import Array
from .base import Sample
from .perplexity import Perplexity
from .vectorized import RoundSamples
from .weighted_votes import WeightedVotes

TEMPERATURE = 0.1


class Cisc(WeightedVotes):
    """Confidence-informed self-consistency (Taubenfeld et al. 2025, arXiv 2502.06233).

        c_i = exp(mean log-probability of the tokens of sample i)
        w_i = exp(c_i / T) / sum of exp(c_j / T)
        answer = the one with the greatest sum of w_i

    It needs log-probabilities. Departures: the paper reports the best results with P(True) as c,
    which is the confidence `p-true`; c here is its length-normalized probability, which takes no
    more calls. The paper selects T on 10% of the questions: `cope fit-confidence` selects it on
    those of a record, and a preset names it, as in `confidence = "cisc:0.5"`. A smaller T gives
    more weight to the surest sample. Samples without a vote lower the confidence.

    Args:
        temperature: T, above 0.
    """

    kind = "cisc"
    needs_logprobs = True
    columns = ("reason_logprob",)

    def __init__(self, temperature: float = TEMPERATURE) -> None:
        self.temperature = temperature

    @classmethod
    def with_argument(cls, argument: str) -> "Cisc":
        """Make the confidence of a name such as `cisc:0.5`.

        Raises:
            CopeError: when T is no number above 0.

        >>> Cisc.with_argument("0.5").temperature
        0.5
        """
        try:
            temperature = float(argument)
        except ValueError:
            temperature = math.nan
        if not 0 < temperature < math.inf:
            raise CopeError(f"T of cisc is a number above 0, not {argument!r}, as in 'cisc:0.5'")
        confidence = cls(temperature)
        confidence.kind = f"{cls.kind}:{argument}"
        return confidence

    @property
    def identity(self) -> str:
        """The temperature for a run's identity; empty for the default."""
        return "" if self.temperature == TEMPERATURE else f"T={self.temperature:g}"

    def value(self, sample: Sample) -> float | None:
        return sample.logprob_mean

    def values(self, samples: RoundSamples) -> Array:
        return Perplexity().logprobs(samples)

    def scores(self, values: Array) -> Array:
        return np.exp(values) / self.temperature
