"""Perplexity: the mean log-probability of a reply's tokens."""

import numpy as np

from ...util.arrays import Array
from .base import Sample
from .best_of import BestOfSamples
from .vectorized import RoundSamples


class Perplexity(BestOfSamples):
    """The sample with the lowest perplexity answers (arXiv 2506.11578, open-ended questions).

        confidence = exp(mean log-probability of the reply's tokens) = 1 / perplexity

    The reply holds the steps too, where the question's kind has them.
    """

    kind = "perplexity"
    columns = ("reason_logprob",)

    def logprob(self, sample: Sample) -> float | None:
        return sample.logprob_mean

    def logprobs(self, samples: RoundSamples) -> Array:
        tokens = samples.column("reason_logprob_tokens")
        # Records of earlier versions have the sum, and the tokens of the completion.
        tokens = np.where(np.isnan(tokens), samples.column("reason_completion_tokens"), tokens)
        return samples.column("reason_logprob") / np.where(tokens > 0, tokens, np.nan)
