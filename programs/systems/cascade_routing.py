"""Cascade routing (Dekoninck, Baader and Vechev, arXiv 2410.10347): routing and cascading in one.

After every answer the estimates q of all tiers are made anew. The value of a set of tiers M that
contains those asked so far is

    value(M) = E[max over m in M of Q_m] - lambda * sum over m in M of c_m,    Q ~ N(q, Sigma_S)

with the expectation over 100 Monte Carlo draws, and Sigma_S, for the tiers S asked so far, the
covariance over the training questions of q_S - q_all: what the missing answers would still change.
The cheapest tier of the best set that was not asked is asked next. When the best set is S, the
answer of the tier in S with the best q counts. It needs the answers and scores of all tiers on the
training questions.

Estimates before any answer are regressions on the question's n-grams. Those after the answers of S
are regressions on these estimates, the confidence of each answer in S, and which of them agree. The
regressions after answers are fitted to cross-fitted estimates.

Differences from the paper: its estimates come from each benchmark's own features, such as a reward
model; of equally good sets the cheapest is taken, where the paper mixes the cheapest and the most
expensive one to spend the whole budget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np

from ...errors import CopeError
from ...stats.logistic import LogisticFit, fit_logistic
from ...util.arrays import Array
from ..ngram_vectors import normalize_text
from .ngram_logistic import NgramLogistic
from .outcomes import OutcomeTable
from .policy import Costs, Decision, FitOptions, Policy, Seen, simulate
from .trained_kind import TrainedKind

DRAWS = 100
MOST_TIERS = 6
"""More would have too many sets."""

_FOLDS = 5
_DIGITS = 5  # of saved numbers
_MOST_WEIGHT = 4.0  # lambda; a score is at most 1, and so is the last tier's cost
_SEARCH_STEPS = 16
_REMEMBERED = 20_000  # most questions whose estimates are kept in memory
_EDGE = 1e-3  # keeps logits finite

Asked = tuple[int, ...]
"""The positions of the tiers that answered, in order."""


@dataclass(frozen=True)
class SetEstimates:
    """The estimates after the answers of some tiers.

    Attributes:
        fits: one regression for each tier; empty before any answer.
        covariance: (tiers, tiers) of the estimates, as the other answers would change them.
    """

    fits: tuple[LogisticFit, ...]
    covariance: Array


class CascadeRouting(Policy):
    """Ask the tiers of the most valuable set, and value the sets again after each answer.

    Args:
        tiers: the tiers, the cheapest first.
        costs: the mean cost of a question by tier.
        before: the regression of each tier on the question's text.
        sets: the estimates after the answers of each set of tiers.
        cost_weight: lambda.
    """

    def __init__(
        self,
        tiers: Sequence[str],
        costs: Costs,
        before: Sequence[NgramLogistic],
        sets: Mapping[Asked, SetEstimates],
        cost_weight: float = 0.0,
    ) -> None:
        super().__init__(tiers, costs)
        self.before, self.sets, self.cost_weight = list(before), dict(sets), cost_weight
        self._draws = np.random.default_rng(0).standard_normal((DRAWS, len(self.tiers)))
        self._known: dict[str, Array] = {}
        subsets = all_sets(len(self.tiers))
        if len(self.before) != len(self.tiers) or set(self.sets) != {(), *subsets}:
            raise ValueError("there is not one estimate for each set of tiers")
        self._spread = {asked: _root(one.covariance) for asked, one in self.sets.items()}

    @classmethod
    def fit(cls, train: OutcomeTable, held: OutcomeTable, options: FitOptions) -> Self:
        count = len(train.tiers)
        if count > MOST_TIERS:
            raise CopeError(
                f"cascade-routing weighs all sets of {count} tiers: choose at most {MOST_TIERS} "
                "with --tiers"
            )
        before = [NgramLogistic.fit(train.questions, scores) for scores in train.scores.T]
        first = _cross_fitted(train, options.seed)
        estimates: dict[Asked, Array] = {(): first}
        fits: dict[Asked, tuple[LogisticFit, ...]] = {(): ()}
        for asked in all_sets(count):
            features = set_features(first, train.answers, train.confidence, asked)
            fits[asked] = tuple(fit_logistic(features, scores) for scores in train.scores.T)
            estimates[asked] = _probabilities(fits[asked], features)
        everything = estimates[tuple(range(count))]
        sets = {}
        for asked, values in estimates.items():
            covariance = np.atleast_2d(np.cov((values - everything).T)).round(_DIGITS)
            sets[asked] = SetEstimates(fits[asked], covariance)
        made = cls(train.tiers, train.mean_costs, before, sets)
        made.cost_weight = made._best_cost_weight(held, options.share)
        return made

    def _best_cost_weight(self, held: OutcomeTable, share: float) -> float:
        """Return the least lambda whose mean cost is within the share, by binary search.

        The cost of other questions is counted; without a lambda within it the search ends at the
        highest one.
        """
        low, high = 0.0, _MOST_WEIGHT
        for _ in range(_SEARCH_STEPS):
            self.cost_weight = (low + high) / 2
            if float(simulate(self, held).costs.mean()) <= share + 1e-9:
                high = self.cost_weight
            else:
                low = self.cost_weight
        return round(high, 6)

    def decide(self, questions: Sequence[str], seen: Sequence[Seen]) -> list[Decision]:
        first = self._estimates_before(questions)
        by_set: dict[Asked, list[int]] = {}
        for row, one in enumerate(seen):
            asked = tuple(place for place, tier in enumerate(self.tiers) if tier in one)
            by_set.setdefault(asked, []).append(row)
        decisions: dict[int, Decision] = {}
        for asked, rows in by_set.items():
            estimates = self.estimate(asked, first[rows], [seen[row] for row in rows])
            chosen = self.best_sets(asked, estimates)
            for row, values, best in zip(rows, estimates, chosen, strict=True):
                decisions[row] = self._decision(asked, best, values)
        return [decisions[row] for row in range(len(questions))]

    def _decision(self, asked: Asked, best: Asked, values: Array) -> Decision:
        missing = [place for place in best if place not in asked]
        if missing:
            cheapest = min(missing, key=lambda place: self.costs[place])
            return Decision(self.tiers[cheapest], is_final=False)
        place = max(asked, key=lambda place: values[place])
        return Decision(self.tiers[place], is_final=True, confidence=float(values[place]))

    def _estimates_before(self, questions: Sequence[str]) -> Array:
        """Return (questions, tiers), each question estimated once."""
        new = [question for question in dict.fromkeys(questions) if question not in self._known]
        if len(self._known) > _REMEMBERED:
            self._known.clear()
            new = list(dict.fromkeys(questions))
        if new:
            columns = [model.probability(new) for model in self.before]
            self._known.update(zip(new, np.stack(columns, axis=1), strict=True))
        return np.stack([self._known[question] for question in questions])

    def estimate(self, asked: Asked, first: Array, seen: Sequence[Seen]) -> Array:
        """Return (questions, tiers): the estimates after the answers of some tiers.

        Args:
            asked: the tiers that answered.
            first: (questions, tiers) the estimates before any answer.
            seen: the answers to each question.
        """
        if not asked:
            return first
        shape = len(seen), len(self.tiers)
        answers, confidence = np.full(shape, None, dtype=object), np.zeros(shape)
        for row, one in enumerate(seen):
            for place in asked:
                observed = one[self.tiers[place]]
                answers[row, place], confidence[row, place] = observed.answer, observed.confidence
        features = set_features(first, answers, confidence, asked)
        return _probabilities(self.sets[asked].fits, features)

    def best_sets(self, asked: Asked, estimates: Array) -> list[Asked]:
        """Return the most valuable set for each question, among those that contain `asked`.

        Args:
            asked: the tiers that answered.
            estimates: (questions, tiers).
        """
        draws = estimates[:, None, :] + (self._draws @ self._spread[asked])[None]
        candidates, values = [], []
        for members in all_sets(len(self.tiers)):
            if set(asked) <= set(members):
                best = draws[:, :, list(members)].max(axis=2).mean(axis=1)
                cost = float(self.costs[list(members)].sum())
                candidates.append((cost, members))
                values.append(np.round(best - self.cost_weight * cost, 9))
        order = sorted(range(len(candidates)), key=lambda number: candidates[number])
        winners = np.stack([values[number] for number in order]).argmax(axis=0)
        return [candidates[order[winner]][1] for winner in winners]

    def state(self) -> dict[str, Any]:
        sets = []
        for asked, one in self.sets.items():
            fits = [[fit.intercept, *fit.weights] for fit in one.fits]
            covariance = one.covariance.tolist()
            sets.append({"asked": list(asked), "fits": fits, "covariance": covariance})
        before = [model.state() for model in self.before]
        return {"cost_weight": self.cost_weight, "before": before, "sets": sets}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tiers: Sequence[str], costs: Costs) -> Self:
        before = [NgramLogistic.from_state(one) for one in state["before"]]
        sets = {}
        for one in state["sets"]:
            fits = []
            for intercept, *weights in one["fits"]:
                fits.append(LogisticFit(float(intercept), tuple(map(float, weights))))
            covariance = np.array(one["covariance"], dtype=float)
            sets[tuple(map(int, one["asked"]))] = SetEstimates(tuple(fits), covariance)
        return cls(tiers, costs, before, sets, float(state["cost_weight"]))


def all_sets(count: int) -> list[Asked]:
    """Return all sets of tiers but the empty one.

    >>> all_sets(2)
    [(0,), (1,), (0, 1)]
    """
    sets: list[Asked] = []
    for size in range(1, count + 1):
        sets.extend(combinations(range(count), size))
    return sets


def set_features(first: Array, answers: Array, confidence: Array, asked: Asked) -> Array:
    """Return (questions, features) of the answers of some tiers.

    They are the logits of the estimates before any answer, the confidence of each answer and
    whether there is one, and for each two tiers whether their answers are the same text.

    Args:
        first: (questions, tiers) the estimates before any answer.
        answers: (questions, tiers) of str or None; an empty one is not known.
        confidence: (questions, tiers).
        asked: the tiers that answered.
    """
    clipped = np.clip(first, _EDGE, 1 - _EDGE)
    columns = list(np.log(clipped / (1 - clipped)).T)
    for place in asked:
        columns.append(confidence[:, place])
        columns.append((answers[:, place] != None).astype(float))  # noqa: E711 (elementwise)
    for one, other in combinations(asked, 2):
        same = [_is_same(a, b) for a, b in zip(answers[:, one], answers[:, other], strict=True)]
        columns.append(np.array(same, dtype=float))
    return np.stack(columns, axis=1)


def _is_same(one: str | None, other: str | None) -> bool:
    return bool(one and other) and normalize_text(str(one)) == normalize_text(str(other))


def _probabilities(fits: Sequence[LogisticFit], features: Array) -> Array:
    return np.stack([fit.probability(features) for fit in fits], axis=1)


def _cross_fitted(train: OutcomeTable, seed: int) -> Array:
    """Return (questions, tiers): estimates from the text, each by a fit on other questions."""
    found = np.zeros(train.scores.shape)
    folds = train.folds(_FOLDS, seed)
    for fold in range(_FOLDS):
        inside, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if not inside.size:
            continue
        texts = [train.questions[row] for row in inside]
        outside = train.take(others if others.size else inside)
        for tier, scores in enumerate(outside.scores.T):
            found[inside, tier] = NgramLogistic.fit(outside.questions, scores).probability(texts)
    return found


def _root(covariance: Array) -> Array:
    """Return a matrix R with R^T R = covariance; directions of negative variance are left out."""
    values, vectors = np.linalg.eigh(covariance)
    return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T


CASCADE_ROUTING = TrainedKind("cascade-routing", CascadeRouting)
