"""AutoMix (Aggarwal, Madaan et al., arXiv 2310.12963): a small model checks its answer k times.

The share p of the checks that find the answer correct has k + 1 values. A rule says for which of
them the last tier is asked. The rules of the paper:

- threshold: where p <= t;
- double threshold: where t1 <= p <= t2, because a very low p is hopeless for the last tier too;
- POMDP: where r P(needy | p) + P(hopeless | p) > 100 for a reward r from 0 to 4999. A question is
  needy when the small tier is wrong and the last one right, hopeless when both are wrong;
- greedy: the values of p with the greatest mean gain of the last tier first, after smoothing over
  neighboring values (a Gaussian of width 2).

Of all rules the one with the best incremental benefit per cost counts:

    IBC(P, C) = (P - P_small) / (C - C_small)
    lift = IBC(AutoMix) / IBC(last tier) - 1

It needs the answers, checks and scores of the first tier, and the scores of the last tier. k is 8.

Differences from the paper: the probabilities come from other questions than the choice; only rules
within the wanted cost are chosen from; and the cost of the small tier's answer without its checks
is taken as a ninth of that with them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from ...util.arrays import Array
from .outcomes import OutcomeTable
from .policy import Costs, Decision, FitOptions, Policy, Seen
from .self_verification import CHECKS
from .trained_kind import TrainedKind

VALUES = CHECKS + 1
"""The number of values that p has."""

REWARDS = 5000
ACTION_COST = 100.0
SMOOTHING = 2.0

Rule = tuple[str, tuple[bool, ...]]
"""The name of a rule, and for each value of p whether the last tier is asked."""


class AutoMix(Policy):
    """Ask the last tier for those values of p that a rule names.

    Args:
        tiers: the first and the last tier.
        costs: the mean cost of a question by tier.
        rule: says when the last tier is asked.
    """

    checks_itself: ClassVar[bool] = True

    def __init__(self, tiers: Sequence[str], costs: Costs, rule: Rule) -> None:
        super().__init__(tiers, costs)
        self.rule = rule
        if len(rule[1]) != VALUES or len(self.tiers) != 2:
            raise ValueError("the rule has not one entry for each share of checks")

    @classmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        ends = [0, len(train.tiers) - 1]
        rule = best_rule(list(rules(train)), held, options.share)
        return cls([train.tiers[end] for end in ends], train.mean_costs[ends], rule)

    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        first, last = self.tiers
        decisions = []
        for one in seen:
            if first not in one:
                decisions.append(Decision(first, is_final=False))
                continue
            observed = one[first]
            escalates = observed.answer is None or self.rule[1][value_of(observed.confidence)]
            if escalates:
                decisions.append(Decision(last, is_final=last in one))
            else:
                decisions.append(Decision(first, True, observed.confidence))
        return decisions

    def state(self) -> dict[str, Any]:
        return {"rule": self.rule[0], "escalate": list(self.rule[1])}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        return cls(tiers, costs, (str(state["rule"]), tuple(map(bool, state["escalate"]))))


def value_of(share: float) -> int:
    """Return the number of checks behind their share.

    >>> value_of(0.5)
    4
    """
    return int(np.clip(round(share * CHECKS), 0, CHECKS))


def rules(train: OutcomeTable) -> Iterator[Rule]:
    """Yield all rules that differ, the first name of equal ones."""
    seen: set[tuple[bool, ...]] = set()
    for name, escalate in _all_rules(train):
        rule = tuple(bool(one) for one in escalate)
        if rule not in seen:
            seen.add(rule)
            yield name, rule


def _all_rules(train: OutcomeTable) -> Iterator[tuple[str, Array]]:
    places = np.arange(VALUES)
    for high in range(-1, VALUES):
        yield "threshold", places <= high
    for low in range(VALUES):
        for high in range(low, VALUES):
            yield "double threshold", (places >= low) & (places <= high)
    needy, hopeless, gains = value_statistics(train)
    for reward in range(REWARDS):
        yield "POMDP", reward * needy + hopeless > ACTION_COST
    order = np.argsort(-smoothed(gains), kind="stable")
    for count in range(1, VALUES + 1):
        yield "greedy", np.isin(places, order[:count])


def value_statistics(train: OutcomeTable) -> tuple[Array, Array, Array]:
    """Return P(needy), P(hopeless) and the mean gain of the last tier, for each value of p.

    A value that no question has takes the figures of all questions.
    """
    values = np.array([value_of(share) for share in train.confidence[:, 0]])
    small, large = train.scores[:, 0] >= 1, train.scores[:, -1] >= 1
    columns = (~small & large, ~small & ~large, train.scores[:, -1] - train.scores[:, 0])
    found = []
    for column in columns:
        means = np.full(VALUES, float(column.mean()))
        for value in np.unique(values):
            means[value] = column[values == value].mean()
        found.append(means)
    return found[0], found[1], found[2]


def smoothed(gains: Array) -> Array:
    """Return the gains after a Gaussian filter, mirrored at both ends."""
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(gains, SMOOTHING))


def best_rule(candidates: Sequence[Rule], held: OutcomeTable, share: float) -> Rule:
    """Return the rule with the highest lift among those within the cost.

    Args:
        candidates: the rules.
        held: questions that they were not made from.
        share: the highest mean cost of a question. If no rule is within it, the cheapest counts.
    """
    best: tuple[bool, float, float] | None = None
    chosen = candidates[0]
    for rule in candidates:
        accuracy, cost = rule_figures(rule, held)
        within = cost <= share + 1e-9
        merit = within, round(lift(accuracy, cost, held), 9) if within else 0.0, -cost
        if best is None or merit > best:
            best, chosen = merit, rule
    return chosen


def rule_figures(rule: Rule, held: OutcomeTable) -> tuple[float, float]:
    """Return the accuracy and the mean cost of a rule."""
    values = np.array([value_of(share) for share in held.confidence[:, 0]])
    no_answer = held.answers[:, 0] == None  # noqa: E711 (elementwise)
    escalates = np.array(rule[1])[values] | no_answer
    scores = np.where(escalates, held.scores[:, -1], held.scores[:, 0])
    costs = held.costs[:, 0] + np.where(escalates, held.costs[:, -1], 0.0)
    return float(scores.mean()), float(costs.mean())


def lift(accuracy: float, cost: float, held: OutcomeTable) -> float:
    """Return the incremental benefit per cost, compared with that of the last tier alone.

    Returns:
        Minus infinity where the last tier is not better than the first one.
    """
    small = float(held.scores[:, 0].mean())
    gain = float(held.scores[:, -1].mean()) - small
    answer_cost = float(held.costs[:, 0].mean()) / (1 + CHECKS)
    spread = float(held.costs[:, -1].mean()) - answer_cost
    if gain <= 0 or spread <= 0 or cost <= answer_cost:
        return -np.inf
    return (accuracy - small) / (cost - answer_cost) / (gain / spread) - 1


AUTOMIX = TrainedKind("automix", AutoMix)
