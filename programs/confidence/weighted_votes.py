"""The base of confidences that weight each vote by how sure the sample's model is."""

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
from .gate import GateText
from .vectorized import RoundSamples, VerdictArrays, decide_in_blocks, verdict_arrays
from .votes import VoteTally

_DIGITS = 12  # of a weight, because sums in another order differ in later digits

GATE = GateText(
    name="weighted-votes",
    label="share of the weighted votes",
    joined="share of the weighted votes",
    unit="of the weighted votes",
    heading="Can the weighted vote be trusted?",
    caption="A vote that can be trusted lies on the diagonal",
)


class ValuedVotes(Confidence):
    """The base of confidences that decide by the votes and by one number of each sample.

    A subclass writes `values`, and `share`, which decides live rounds and replays.
    """

    compares_answers = True

    @abstractmethod
    def values(self, samples: RoundSamples) -> Array:
        """Return (questions, samples) of the samples' numbers; NaN is unknown."""

    @abstractmethod
    def share(self, votes: Array, values: Array) -> tuple[Array, Array, Array]:
        """Return the leading position, the confidence and the supporters of rounds.

        Args:
            votes: (questions, samples) of int in the seeded order; -1 is no vote.
            values: (questions, samples) of float in the seeded order.

        Returns:
            (questions,) -1 without any vote; (questions,) 0 to 1; (questions, samples) of bool.

        Raises:
            LacksLogprobs: when the value of a vote is unknown and is needed.
        """

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        return decide_in_blocks(samples, self._decide)

    def _decide(self, samples: RoundSamples) -> VerdictArrays:
        values = samples.in_order(self.values(samples))
        lead, confidence, supporters = self.share(samples.in_order(samples.votes), values)
        return verdict_arrays(samples, lead, confidence, supporters)


class WeightedVotes(ValuedVotes):
    """The answer with the greatest weight of votes, and its share of the weight.

        weight of sample i = exp(s_i) / sum of exp(s_j) over the samples with a vote
        confidence = weight of the leading answer * samples with a vote / number of samples

    Equal scores s give the share of the votes. The kind of answers decides which answers are equal.
    A tie goes to the answer whose first supporter comes first in the round's seeded order. A round
    cannot stop early, because a late sample may have a great weight.

    A subclass writes `kind`, `value` for live rounds, `values` for replays, and `scores`.
    """

    gate_text = GATE

    @abstractmethod
    def value(self, sample: Sample) -> float | None:
        """Return the number that a sample's score is made of; None when it is unknown."""

    @abstractmethod
    def scores(self, values: Array) -> Array:
        """Return the scores s of some samples, in the shape of `values`."""

    def share(self, votes: Array, values: Array) -> tuple[Array, Array, Array]:
        voted = votes >= 0
        if (np.isnan(values) & voted).any():
            if votes.shape[1] > 1:
                raise LacksLogprobs(
                    f"there are no log-probabilities, which the confidence {self.kind!r} needs: "
                    "record with --logprobs, or name another confidence in the preset's round, "
                    "such as 'votes'"
                )
            values = np.zeros_like(values)  # a single vote has the whole weight
        weights = vote_weights(self.scores(np.where(voted, values, 0.0)), voted)
        lead, weight, supporters = most_weighted(votes, weights)
        return lead, weight * voted.mean(axis=1), supporters

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        return _ScoredTally(self, order, answers)

    def explain(self, record: RoundRecord, samples: int) -> str:
        most = next(iter(record["votes"].values()), 0)
        share = f"{record['confidence']:.0%}"
        return f"{most} of {record['asked']} samples agree, with {share} of the weight"


def vote_weights(scores: Array, voted: Array) -> Array:
    """Return the softmax of the scores over the samples with a vote; 0 for the others.

    >>> vote_weights(np.log([[1.0, 3.0, 7.0]]), np.array([[True, True, False]])).round(2).tolist()
    [[0.25, 0.75, 0.0]]
    """
    masked = np.where(voted, scores, -np.inf)
    highest = masked.max(axis=1, keepdims=True)
    weights = np.exp(masked - np.where(np.isfinite(highest), highest, 0.0))
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def most_weighted(votes: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Find the vote with the greatest weight; a tie goes to the vote with the first supporter.

    Args:
        votes: (questions, samples) of int in the seeded order; -1 is no vote.
        weights: (questions, samples) of float.

    Returns:
        (questions,) the position of its first supporter, -1 without any vote; (questions,) its
        weight; (questions, samples) of bool, its supporters.
    """
    rows = np.arange(len(votes))
    voted = votes >= 0
    same = (votes[:, :, None] == votes[:, None, :]) & voted[:, :, None]
    weight = np.where(voted, (same * weights[:, None, :]).sum(axis=2).round(_DIGITS), -1.0)
    lead = weight.argmax(axis=1)
    any_vote = voted.sum(axis=1) > 0
    supporters = same[rows, lead] & any_vote[:, None]
    return np.where(any_vote, lead, -1), np.where(any_vote, weight[rows, lead], 0.0), supporters


class WeightedTally(VoteTally):
    """Counts the votes of one round, and weights them when all samples are there."""

    def __init__(self, confidence: ValuedVotes, order: Sequence[int], answers: AnswerKind) -> None:
        super().__init__(order, answers)
        self.kind = confidence.kind
        self._confidence = confidence
        self._order = list(order)

    def value(self, sample: Sample) -> float | None:
        """Return the number that weights a sample's vote; None when it is unknown."""
        raise NotImplementedError

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        return not self.count.missing

    def verdict(self) -> Verdict:
        votes = np.full((1, self.total), -1)
        values = np.full((1, self.total), np.nan)
        for place, ranks in enumerate(self.count.voters):
            votes[0, ranks] = place
        for rank, sample in self._voted.items():
            value = self.value(sample)
            if value is not None:
                values[0, rank] = value
        lead, confidence, supporters = self._confidence.share(votes, values)
        if lead[0] < 0:
            return Verdict(None, 0.0, (), {})
        ranks = np.flatnonzero(supporters[0])
        return Verdict(
            answer=self._voted[int(ranks[0])].answer,
            confidence=float(confidence[0]),
            supporters=tuple(self._order[rank] for rank in ranks),
            votes=self._counts(int(votes[0, lead[0]])),
        )

    def _counts(self, leader: int) -> dict[str, int]:
        """Return the supporters of each vote, the leading one first."""
        others = sorted(range(len(self.count.voters)), key=self.count.ranking_key)
        counts: dict[str, int] = {}
        for vote in [leader, *(other for other in others if other != leader)]:
            ranks = self.count.voters[vote]
            counts[self._voted[ranks[0]].vote or ""] = len(ranks)
        return counts


class _ScoredTally(WeightedTally):
    """Weights votes by what a `WeightedVotes` reads of each sample."""

    def __init__(
        self, confidence: WeightedVotes, order: Sequence[int], answers: AnswerKind
    ) -> None:
        super().__init__(confidence, order, answers)
        self._scored = confidence

    def value(self, sample: Sample) -> float | None:
        return self._scored.value(sample)
