"""The decisions of ABC on answers that are known, for records: see `agreement_cascade`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

from ...errors import CopeError
from ...stats.tolerance import FLOAT_TOLERANCE
from ..ngram_vectors import normalize_text
from .agreement_cascade import THETA, AgreementCascade
from .outcomes import OutcomeTable
from .policy import Costs, Decision, FitOptions, Policy, Seen, simulate
from .trained_kind import TrainedKind


class AgreementPolicy(Policy):
    """Accept the most frequent answer of all tiers but the last where enough of them gave it.

        accept when (tiers that gave the answer) / (tiers but the last) > theta

    Answers are the same where their texts are, but for case and spaces.

    Args:
        tiers: the smaller models, then the last tier.
        costs: the mean cost of a question by tier.
        theta: the share that must be exceeded.
    """

    def __init__(self, tiers: Sequence[str], costs: Costs, theta: float = THETA) -> None:
        super().__init__(tiers, costs)
        self.theta = theta

    @classmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        """Return the policy whose theta is right most often on `held` within the cost.

        The cheapest of equally accurate ones counts, and the cheapest of all where none is within
        the cost. The paper bounds the share of wrong answers that are accepted instead.

        Raises:
            CopeError: for fewer than two smaller models, and for answers that are not known.
        """
        small = len(train.tiers) - 1
        if small < 2:
            raise CopeError("abc needs two smaller models or more beside the last one")
        if not any(answer for answer in train.answers[:, 0]):
            raise CopeError("abc compares answers, and here only right or wrong is known")
        best: tuple[tuple[bool, float, float], Self] | None = None
        for outvoted in range(small):
            policy = cls(train.tiers, train.mean_costs, theta=outvoted / small)
            found = simulate(policy, held)
            cost = float(found.costs.mean())
            within = cost <= options.share + FLOAT_TOLERANCE
            merit = (within, round(float(found.scores.mean()), 9) if within else 0.0, -cost)
            if best is None or merit > best[0]:
                best = merit, policy
        assert best is not None
        return best[1]

    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        *small, last = self.tiers
        decisions = []
        for one in seen:
            missing = [tier for tier in small if tier not in one]
            if missing:
                decisions.append(Decision(missing[0], is_final=False))
                continue
            tier, share = self._leader(one)
            if tier is not None and share > self.theta + FLOAT_TOLERANCE:
                decisions.append(Decision(tier, True, share))
            else:
                decisions.append(Decision(last, is_final=last in one))
        return decisions

    def _leader(self, seen: Seen) -> tuple[str | None, float]:
        """Return the first tier with the most frequent answer, and its share of the tiers."""
        small = self.tiers[:-1]
        texts = {}
        for tier in small:
            answer = seen[tier].answer
            if answer is not None:
                texts[tier] = normalize_text(answer)
        if not texts:
            return None, 0.0
        text, count = Counter(texts.values()).most_common(1)[0]
        leader = next(tier for tier in small if texts.get(tier) == text)
        return leader, count / len(small)

    def state(self) -> dict[str, Any]:
        return {"theta": self.theta}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        return cls(tiers, costs, float(state["theta"]))


ABC = TrainedKind(AgreementCascade.name, AgreementPolicy, AgreementCascade)
