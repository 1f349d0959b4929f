"""The base of confidences that value each sample by itself and return the best one."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH
from ...errors import LacksLogprobs
from ...util.arrays import Array
from ..round_record import RoundRecord
from .base import Confidence, Sample, Tally, Verdict
from .vectorized import RoundSamples, VerdictArrays, verdict_arrays

RANK_LEVELS = 20
"""Number of thresholds for a rank that a calibration tries: steps of five percent."""


class BestOfSamples(Confidence):
    """The sample with the highest log-probability answers, and its value is the confidence.

        confidence = exp(log-probability of the best sample)

    It is between 0 and 1, and its scale depends on model and task. So a round compares its rank
    with the threshold, see `Confidence.ranks`. A tie goes to the sample that comes first in the
    round's seeded order.

    A subclass writes `kind`, `logprob` for live rounds and `logprobs` for replays.
    """

    needs_logprobs = True
    ranks = True

    @abstractmethod
    def logprob(self, sample: Sample) -> float | None:
        """Return the log-probability that values a sample; None when the engine gave none."""

    @abstractmethod
    def logprobs(self, samples: RoundSamples) -> Array:
        """Return (questions, samples) of the same log-probabilities; NaN is unknown."""

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        return BestTally(self, order)

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        """Decide rounds of a recording.

        Raises:
            LacksLogprobs: when an answer has no log-probability and several samples compete.
        """
        values = np.where(samples.answered, self.logprobs(samples), -np.inf)
        if np.isnan(values).any() and values.shape[1] > 1:
            raise LacksLogprobs(
                f"the record has no log-probabilities, which the confidence {self.kind!r} needs: "
                "record again with --logprobs"
            )
        values = np.where(np.isnan(values), -np.inf, values)
        ordered = samples.in_order(values)
        answered = samples.in_order(samples.answered)
        # An answer is before none, and then the highest value, and the first of equal ones.
        lead = np.where(answered, np.nan_to_num(ordered, neginf=-1e18), -np.inf).argmax(axis=1)
        lead = np.where(answered.any(axis=1), lead, -1)
        rows = np.arange(len(lead))
        supporters = np.zeros_like(answered)
        supporters[rows[lead >= 0], lead[lead >= 0]] = True
        confidence = np.where(lead >= 0, np.exp(ordered[rows, lead]), 0.0)
        return verdict_arrays(samples, lead, np.minimum(1.0, confidence), supporters)

    def explain(self, record: RoundRecord, samples: int) -> str:
        rank = f"above {record['confidence']:.0%} of the questions by {self.kind}"
        if record["asked"] == 1:
            return f"The answer is {rank}"
        return f"The best of {record['asked']} samples is {rank}"

    def count_votes(self, labels: Sequence[str | None], leading: str | None) -> dict[str, int]:
        return {}  # samples do not vote

    def num_levels(self, samples: int) -> int:
        return RANK_LEVELS


class BestTally:
    """Keeps the best sample of a round."""

    def __init__(self, confidence: BestOfSamples, order: Sequence[int]) -> None:
        self.kind = confidence.kind
        self._confidence = confidence
        self._rank = {index: rank for rank, index in enumerate(order)}
        self.total = len(order)
        self._missing = len(order)
        self._best: Sample | None = None
        self._best_key = (-math.inf, 0)

    @property
    def best(self) -> Sample | None:
        """The best sample so far; None without an answer."""
        return self._best

    async def evaluate(self, sample: Sample) -> None:
        """Do nothing, because the engine has given the log-probabilities."""

    async def add(self, sample: Sample) -> None:
        """Count a sample.

        Raises:
            LacksLogprobs: when its answer has no log-probability and other samples compete with it.
        """
        self._missing -= 1
        if sample.answer is None:
            return
        value = self._confidence.logprob(sample)
        if value is None:
            if len(self._rank) > 1:
                raise LacksLogprobs(
                    f"the model returned no log-probabilities, which the confidence {self.kind!r} "
                    "needs: name another confidence in the preset's round, such as 'agreement'"
                )
            value = -math.inf
        key = (value, -self._rank[sample.index])
        if self._best is None or key > self._best_key:
            self._best, self._best_key = sample, key

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        return self._missing == 0  # a later sample may be better

    def verdict(self) -> Verdict:
        if self._best is None:
            return Verdict(None, 0.0, (), {})
        value = min(1.0, math.exp(self._best_key[0]))
        return Verdict(self._best.answer, value, (self._best.index,), {})
