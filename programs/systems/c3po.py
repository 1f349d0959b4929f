"""C3PO-like thresholds (arXiv 2511.07396): a cascade tuned without labels, within a bound on cost.

The tiers are asked in order. The answer of tier i is accepted where the share of its samples that
vote for it reaches threshold_i. The thresholds minimize how often the accepted answer differs from
the last tier's own answer, subject to a conformal bound on the cost:

    (1 + questions whose cost exceeds B) / (1 + questions) <= alpha

It needs several samples of the cheaper tiers, and no right answers.

Differences from the paper: B is what the cheaper tiers cost together, and alpha is the wanted
share, so that at most this share of questions is expected to reach the last tier. Disagreement and
bound are measured on questions apart. With more than two tiers several thresholds are tried against
the bound, which it does not account for. Answers differ where their texts do, but for case and
spaces.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Self

import numpy as np

from ...errors import CopeError
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array
from ..ngram_vectors import normalize_text
from .outcomes import OutcomeTable
from .policy import Costs, Decision, FitOptions, Policy, Seen
from .trained_kind import TrainedKind

_MOST_LEVELS = 12
_ABOVE = 2.0  # a threshold that no share reaches


class C3PO(Policy):
    """Accept the first answer whose share of votes reaches its tier's threshold.

    Args:
        tiers: the tiers in order.
        costs: the mean cost of a question by tier.
        thresholds: one for each tier but the last.
    """

    def __init__(self, tiers: Sequence[str], costs: Costs, thresholds: Sequence[float]) -> None:
        super().__init__(tiers, costs)
        self.thresholds = tuple(thresholds)
        if len(self.thresholds) != len(self.tiers) - 1:
            raise ValueError("there is not one threshold for each tier but the last")

    @classmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        _check_votes(train)
        gated = len(train.tiers) - 1
        agrees = agreement_with_last(train)
        best: tuple[float, tuple[float, ...]] | None = None
        for thresholds in product(*[threshold_levels(train, tier) for tier in range(gated)]):
            answering = answering_tiers(held.confidence, thresholds)
            last = int((answering == gated).sum())
            if (1 + last) / (1 + len(held)) > options.share:
                continue
            chosen = answering_tiers(train.confidence, thresholds)
            regret = 1 - float(agrees[np.arange(len(train)), chosen].mean())
            if best is None or (regret, thresholds) < best:
                best = regret, thresholds
        if best is None:
            raise CopeError(
                f"no threshold keeps {options.share:.0%} of {len(held)} questions from "
                f"{train.tiers[-1]}: give a larger --share, or more questions"
            )
        return cls(train.tiers, train.mean_costs, best[1])

    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        decisions = []
        for one in seen:
            place = len(one)
            if place and self._accepts(place - 1, one):
                tier = self.tiers[place - 1]
                decisions.append(Decision(tier, True, one[tier].confidence))
            else:
                decisions.append(Decision(self.tiers[place], is_final=False))
        return decisions

    def _accepts(self, place: int, seen: Seen) -> bool:
        """Return whether the answer of the tier at a place is accepted."""
        if place == len(self.thresholds):
            return True
        observed = seen[self.tiers[place]]
        reached = observed.confidence >= self.thresholds[place] - FLOAT_TOLERANCE
        return observed.answer is not None and reached

    def state(self) -> dict[str, Any]:
        return {"thresholds": list(self.thresholds)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        return cls(tiers, costs, [float(threshold) for threshold in state["thresholds"]])


def _check_votes(train: OutcomeTable) -> None:
    """Raise an error for answers that are not known, or that do not vote.

    Raises:
        CopeError: when one of the two holds.
    """
    if not any(answer for answer in train.answers[:, -1]):
        raise CopeError(
            "c3po compares answers with the last tier's, and here only right or wrong is known"
        )
    for tier, shares in zip(train.tiers[:-1], train.confidence[:, :-1].T, strict=True):
        if len(set(shares.tolist()) - {0.0}) < 2:
            raise CopeError(
                f"c3po needs several answers of {tier}, whose votes differ: give --votes N"
            )


def threshold_levels(table: OutcomeTable, tier: int) -> list[float]:
    """Return the shares of votes of a tier that occur, and one that is never reached."""
    levels = np.unique(table.confidence[:, tier])
    levels = levels[levels > 0]
    if len(levels) > _MOST_LEVELS:
        levels = np.unique(np.quantile(levels, np.linspace(0, 1, _MOST_LEVELS)))
    return [*levels.tolist(), _ABOVE]


def answering_tiers(confidence: Array, thresholds: Sequence[float]) -> Array:
    """Return (questions,): the position of the first tier that reaches its threshold.

    >>> answering_tiers(np.array([[0.9, 1.0], [0.5, 1.0]]), (0.75,)).tolist()
    [0, 1]
    """
    answering = np.full(len(confidence), len(thresholds))
    for tier in reversed(range(len(thresholds))):
        answering[confidence[:, tier] >= thresholds[tier] - FLOAT_TOLERANCE] = tier
    return answering


def agreement_with_last(table: OutcomeTable) -> Array:
    """Return (questions, tiers) of bool: whether an answer has the text of the last tier's."""
    agrees = np.zeros(table.answers.shape, dtype=bool)
    for row, answers in enumerate(table.answers):
        texts = [None if one is None else normalize_text(str(one)) for one in answers]
        agrees[row] = [text is not None and text == texts[-1] for text in texts]
    agrees[:, -1] = True
    return agrees


C3PO_SYSTEM = TrainedKind("c3po", C3PO)
