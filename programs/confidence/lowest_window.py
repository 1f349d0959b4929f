"""The least sure passage: the lowest mean log-probability of 16 successive tokens."""

from ...util.arrays import Array
from .base import Sample
from .best_of import BestOfSamples
from .vectorized import RoundSamples


class LowestWindow(BestOfSamples):
    """The sample whose least sure passage is the surest answers.

        confidence = exp(lowest mean log-probability of 16 successive tokens)

    One doubtful passage lowers it, where the mean over a long reply hardly shows it.
    """

    kind = "lowest-window"
    columns = ("reason_logprob_window",)

    def logprob(self, sample: Sample) -> float | None:
        return sample.logprob_window

    def logprobs(self, samples: RoundSamples) -> Array:
        return samples.column("reason_logprob_window")
