"""CISC: votes weighted by the softmax of each sample's confidence."""

import numpy as np

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
    more calls. The paper selects T on 10% of the questions; the default here is fixed, and a
    smaller T gives more weight to the surest sample. Samples without a vote lower the confidence.

    Args:
        temperature: T, above 0.
    """

    kind = "cisc"
    needs_logprobs = True
    columns = ("reason_logprob",)

    def __init__(self, temperature: float = TEMPERATURE) -> None:
        self.temperature = temperature

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
