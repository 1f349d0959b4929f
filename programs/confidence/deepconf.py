"""DeepConf-like votes: weighted by the least sure passage of each sample."""

from ...util.arrays import Array
from .base import Sample
from .vectorized import RoundSamples
from .weighted_votes import WeightedVotes


class DeepConf(WeightedVotes):
    """Votes weighted by the lowest window of log-probability (Fu et al. 2025, arXiv 2508.15260).

        w_i = exp(lowest mean log-probability of 16 successive tokens of sample i)
        answer = the one with the greatest sum of w_i

    It needs log-probabilities. Departures: the paper's confidence of a token is the negative mean
    log-probability of the top k candidates in windows of 2,048 tokens; here it is that of the
    written token in windows of 16, because answers have 60 to 300 tokens and only the written
    token's log-probability is kept. No sample is filtered out or stopped early, because 10% of
    eight samples is none.
    """

    kind = "deepconf"
    needs_logprobs = True
    columns = ("reason_logprob_window",)

    def value(self, sample: Sample) -> float | None:
        return sample.logprob_window

    def values(self, samples: RoundSamples) -> Array:
        return samples.column("reason_logprob_window")

    def scores(self, values: Array) -> Array:
        return values
