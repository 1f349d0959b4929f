"""A logistic combination of log-probabilities and agreement, fitted on a record."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH
from ...util.arrays import Array
from ...util.hashing import digest
from ..round_record import RoundRecord
from .base import Confidence, Sample, Tally, Verdict
from .best_of import RANK_LEVELS, BestTally
from .fitted import read_fitted
from .perplexity import Perplexity
from .similarity import group_alike
from .vectorized import RoundSamples, VerdictArrays


class LogisticConfidence(Confidence):
    """The sample with the lowest perplexity answers; a fitted combination is its confidence.

        confidence = 1 / (1 + exp(-(intercept + weights . features)))

    It is the probability that a judge, or the right answers, find such an answer good. So it has a
    scale, and a threshold is compared with it as it is. A preset names it with its file, as in
    `confidence = "logistic:fitted.json"`.

    Args:
        path: a file of `cope fit-confidence`.

    Attributes:
        identity: a digest of the coefficients, for the identity of a run.
    """

    needs_logprobs = True

    def __init__(self, path: str) -> None:
        self.kind = f"logistic:{path}"
        self._fitted = read_fitted(Path(path))
        self.identity = digest(vars(self._fitted))

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        return _LogisticTally(self, order)

    def count_votes(self, labels: Sequence[str | None], leading: str | None) -> dict[str, int]:
        return {}  # samples do not vote

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        verdicts = Perplexity().decide(samples)
        features = round_features(samples, verdicts.leader)
        for row in np.flatnonzero(verdicts.leader >= 0):
            found = {name: float(values[row]) for name, values in features.items()}
            verdicts.confidence[row] = self.value(found)
        return verdicts

    def value(self, features: Mapping[str, float]) -> float:
        """Return the confidence of an answer with these features; 0 where one is unknown."""
        value = self._fitted.probability(features)
        return 0.0 if math.isnan(value) else value

    def explain(self, record: RoundRecord, samples: int) -> str:
        return f"The answer is good with a probability of {record['confidence']:.0%}"

    def num_levels(self, samples: int) -> int:
        return RANK_LEVELS


class _LogisticTally(BestTally):
    """Keeps the best sample, and all answers of the round."""

    def __init__(self, confidence: LogisticConfidence, order: Sequence[int]) -> None:
        super().__init__(Perplexity(), order)
        self.kind = confidence.kind
        self._logistic = confidence
        self._answers: dict[int, str] = {}

    async def add(self, sample: Sample) -> None:
        await super().add(sample)
        if sample.answer is not None:
            self._answers[sample.index] = sample.answer

    def verdict(self) -> Verdict:
        best = self.best
        if best is None:
            return Verdict(None, 0.0, (), {})
        indices = sorted(self._answers)
        texts = [self._answers[index] for index in indices]
        features = {
            "mean_logprob": _or_nan(best.logprob_mean),
            "window_logprob": _or_nan(best.logprob_window),
            "log_tokens": math.log(best.logprob_tokens) if best.logprob_tokens else math.nan,
            "agreement": share_alike(texts, indices.index(best.index), self.total),
        }
        return Verdict(best.answer, self._logistic.value(features), (best.index,), {})


def round_features(samples: RoundSamples, leader: Array) -> dict[str, Array]:
    """Return the features of the leading samples of a recorded round, by the names of `FEATURES`.

    Args:
        samples: the samples.
        leader: (questions,) the leading sample; -1 for none.

    Returns:
        (questions,) each; NaN where a feature is unknown or there is no answer.
    """
    rows = np.arange(len(leader))
    tokens = samples.column("reason_logprob_tokens")
    tokens = np.where(tokens > 0, tokens, np.nan)
    answers = samples.column("answer")
    agreement = np.full(len(leader), np.nan)
    for row in np.flatnonzero(leader >= 0):
        answered = [place for place, text in enumerate(answers[row]) if text is not None]
        texts = [str(answers[row, place]) for place in answered]
        place = answered.index(int(leader[row]))
        agreement[row] = share_alike(texts, place, answers.shape[1])
    features = {
        "mean_logprob": (samples.column("reason_logprob") / tokens)[rows, leader],
        "window_logprob": samples.column("reason_logprob_window")[rows, leader],
        "log_tokens": np.log(tokens)[rows, leader],
        "agreement": agreement,
    }
    return {name: np.where(leader >= 0, values, np.nan) for name, values in features.items()}


def share_alike(texts: Sequence[str], place: int, total: int) -> float:
    """Return the share of a round's samples that say the same as one of them, by n-grams.

    Args:
        texts: the answers, in the order of the samples.
        place: the position of the answer.
        total: number of samples of the round.
    """
    groups = group_alike(texts)
    return groups.count(groups[place]) / total


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
