"""The decisions of a trained system: which tier is asked next, and whose answer counts."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ...errors import CopeError
from ...util.arrays import Array
from .outcomes import Observation, OutcomeTable

Costs = Sequence[float] | Array
"""The mean cost of a question by tier, in the order of the tiers."""

Seen = Mapping[str, Observation]
"""The answers to a question so far, by tier."""


@dataclass(frozen=True)
class Decision:
    """What happens next to a question.

    Attributes:
        tier: the tier that is asked, or whose answer counts.
        is_final: whether the answer of the tier counts, and no other tier is asked.
        confidence: the estimated probability that this answer is right; None without an estimate.
    """

    tier: str
    is_final: bool
    confidence: float | None = None


@dataclass(frozen=True)
class FitOptions:
    """What a fit aims at.

    Attributes:
        share: the most that a question may cost on average, as a share of the last tier alone.
        seed: all randomness depends on it.
    """

    share: float = 0.5
    seed: int = 0


class Policy(ABC):
    """The decisions of one trained system.

    Attributes:
        tiers: the tiers that it asks, the cheapest first.
        costs: the mean cost of a question by tier; that of the last tier is 1.
    """

    checks_itself: ClassVar[bool] = False
    """Whether the confidence of the first tier is the share of its own checks."""

    def __init__(self, tiers: Sequence[str], costs: Costs) -> None:
        self.tiers = tuple(tiers)
        self.costs = np.asarray(costs, dtype=float)

    @classmethod
    @abstractmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        """Learn from questions.

        Args:
            train: the questions for estimates.
            held: other questions, for thresholds.
            options: what the fit aims at.

        Raises:
            CopeError: when the questions do not suffice.
        """

    @abstractmethod
    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        """Return what happens next to each question.

        Args:
            questions: the texts of the questions.
            seen: the answers to each so far.
        """

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what was learned as plain data."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        """Return the policy that `state` described.

        Raises:
            KeyError: for other data; so do TypeError and ValueError.
        """


@dataclass(frozen=True)
class Simulation:
    """A policy on questions whose answers are known; every array is (questions,) but `asked`.

    Attributes:
        asked: (questions, tiers) of bool.
        answering: the position of the tier whose answer counts.
        confidence: of that answer; NaN without an estimate.
        scores: of that answer.
        costs: of all tiers that were asked.
    """

    asked: Array
    answering: Array
    confidence: Array
    scores: Array
    costs: Array


def simulate(policy: Policy, table: OutcomeTable) -> Simulation:
    """Return what a policy does on questions whose answers are known.

    Raises:
        CopeError: when the policy asks a tier twice, or answers by a tier that it has not asked.
    """
    asked = np.zeros((len(table), len(table.tiers)), dtype=bool)
    answering = np.zeros(len(table), dtype=int)
    confidence = np.full(len(table), np.nan)
    open_rows = list(range(len(table)))
    seen: list[dict[str, Observation]] = [{} for _ in table.keys]
    place = {tier: number for number, tier in enumerate(table.tiers)}
    while open_rows:
        questions = [table.questions[row] for row in open_rows]
        decisions = policy.decide(questions, [seen[row] for row in open_rows])
        still_open = []
        for row, decision in zip(open_rows, decisions, strict=True):
            tier = place[decision.tier]
            check_decision(decision, seen[row])
            if decision.is_final:
                answering[row] = tier
                if decision.confidence is not None:
                    confidence[row] = decision.confidence
                continue
            asked[row, tier] = True
            seen[row][decision.tier] = table.observed(row, tier)
            still_open.append(row)
        open_rows = still_open
    rows = np.arange(len(table))
    costs = np.where(asked, table.costs, 0.0).sum(axis=1)
    return Simulation(asked, answering, confidence, table.scores[rows, answering], costs)


def check_decision(decision: Decision, seen: Seen) -> None:
    """Raise an error for a decision that cannot be carried out.

    Raises:
        CopeError: when it asks a tier twice, or takes the answer of a tier that was not asked.
    """
    if decision.is_final != (decision.tier in seen):
        verb = "answers by" if decision.is_final else "asks"
        state = "was not asked" if decision.is_final else "was asked already"
        raise CopeError(f"the system {verb} the tier {decision.tier!r}, which {state}")
