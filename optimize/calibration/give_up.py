"""Learn the rule `give-up` from a record: when to leave a round.

An accepted answer saves what the later rounds take, and it may be right where theirs is not. So its
worth is the smallest multiple of what they take with which no more questions are lost than the
calibration allows, where each question is decided by states that were learned from others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...eval import Replay
from ...programs.give_up import GiveUpCounts, GiveUpState
from ...programs.sampling import derive_seed
from ...stats.measures import MEASURES
from ...util.arrays import Array
from .give_up_paths import RoundPaths, round_paths
from .give_up_states import count_states, first_left, states_to_leave

WORTHS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0)
"""The multiples that are tried."""

FOLDS = 10


@dataclass(frozen=True)
class LeftQuestions:
    """What the rule does to the questions of a record, each decided by states of other questions.

    Attributes:
        worth: what an accepted answer is worth, as a multiple of what the later rounds take; None
            where no multiple loses few enough questions, so that no round is left.
        drawn: (questions,): samples of the rounds that may be left.
        use: (questions,): by the measure.
        seconds: (questions,): of model time; None where the record does not know it.
        answering: (questions,): the index of the round that answers.
    """

    worth: float | None
    drawn: Array
    use: Array
    seconds: Array | None
    answering: Array


@dataclass(frozen=True)
class LearnedGiveUp:
    """The rule as learned, by measure, and what it does.

    Attributes:
        rows: (questions,): the questions that it was learned from.
        states: of all these questions, for the calibration's file.
        before: by measure, the questions without the rule.
        after: by measure, the questions with it.
    """

    rows: Array
    states: list[GiveUpState]
    before: dict[str, LeftQuestions]
    after: dict[str, LeftQuestions]

    @property
    def worth(self) -> dict[str, float | None]:
        """The worth of an accepted answer, by measure."""
        return {name: left.worth for name, left in self.after.items()}

    def as_dict(self) -> GiveUpCounts:
        """Return what a calibration holds for the rule."""
        return {"worth": self.worth, "states": self.states}


def learn_give_up(replay: Replay, units: Array, harm: float, seed: int = 0) -> LearnedGiveUp | None:
    """Learn the rule for every measure that the record knows.

    Args:
        replay: the cascade with its thresholds and samples, of which no round is left.
        units: (questions,): equal for questions that belong together, which share a fold.
        harm: the largest share of the questions that may be lost: wrong with the rule and right
            without it, less the contrary; without right answers, those with another answer.
        seed: the seed of the folds.

    Returns:
        None when no question is known in all rounds, or no round draws several samples.
    """
    known = replay.known.all(axis=1)
    for round_ in replay.rounds:
        if round_.skipped is not None:
            known &= ~round_.skipped
    rows = np.flatnonzero(known)
    several = any(one.spec.samples > 1 for one in replay.rounds[:-1])
    if not rows.size or not several:
        return None
    paths = round_paths(replay, rows)
    fold = _folds(units[rows], seed)
    before, after, left = {}, {}, []
    for measure in MEASURES:
        if not _is_known(paths, measure):
            continue
        learner = _Learner(paths, fold, measure)
        before[measure] = learner.outcome(None)
        after[measure] = before[measure]
        for worth in WORTHS:
            found = learner.outcome(worth)
            if _lost(replay, rows, before[measure], found) <= harm * len(rows):
                after[measure] = found
                left.append((measure, learner.tables))
                break
    return LearnedGiveUp(rows, _states(paths, fold, left), before, after)


def _folds(units: Array, seed: int) -> Array:
    """Return (questions,): the fold of each question, the same for all of a unit."""
    names = np.unique(units)
    ranks = np.random.default_rng(derive_seed(seed, "give-up")).permutation(len(names))
    return ranks[np.searchsorted(names, units)] % min(FOLDS, len(names))


def _is_known(paths: Sequence[RoundPaths], measure: str) -> bool:
    uses = [use for one in paths for use in (one.shared_use[measure], one.sample_use[measure])]
    return all(np.isfinite(use).all() for use in uses)


def _lost(replay: Replay, rows: Array, before: LeftQuestions, after: LeftQuestions) -> float:
    """Return how many questions the rule loses, less those that it gains."""
    scores = replay.scores[rows]
    index = np.arange(len(rows))
    if np.isnan(scores).any():
        return float((before.answering != after.answering).sum())
    difference = scores[index, before.answering] - scores[index, after.answering]
    return float(difference.sum())


def _reached(paths: Sequence[RoundPaths]) -> list[Array]:
    """Return the questions that reach each round but the last, (questions,) of bool."""
    reached = [np.ones(len(paths[0].accepted), dtype=bool)]
    for one in paths[:-2]:
        reached.append(reached[-1] & ~one.accepted)
    return reached


class _Learner:
    """Learns the states of all rounds by a measure, and applies them to the questions.

    Args:
        paths: the rounds.
        fold: (questions,): the fold of each question.
        measure: the measure.

    Attributes:
        tables: of each round but the last, the states in which it is left, learned from all
            questions, (drawn, leading) of bool; from the last call of `outcome`.
    """

    def __init__(self, paths: Sequence[RoundPaths], fold: Array, measure: str) -> None:
        self._paths, self._fold, self._measure = paths, fold, measure
        self._reached = _reached(paths)
        self._totals = []
        for one, reached in zip(paths, self._reached, strict=False):
            self._totals.append(count_states(one, reached, fold))
        self.tables: list[Array] = []

    def outcome(self, worth: float | None) -> LeftQuestions:
        """Return what the rule does with a worth of an accepted answer; None leaves no round.

        Each question is decided by states that were learned from the other folds.
        """
        last, names = self._paths[-1], (self._measure, "seconds")
        uses = {name: last.use(name, last.stop) for name in names}
        drawn = np.zeros(len(last.stop), dtype=int)
        answering = np.full(len(last.stop), len(self._paths) - 1)
        self.tables = []
        for place in reversed(range(len(self._paths) - 1)):
            paths = self._paths[place]
            here, left = self._draw(place, uses[self._measure], worth)
            answers = paths.accepted & ~left
            for name, later in uses.items():
                uses[name] = paths.use(name, here) + np.where(answers, 0.0, later)
            drawn = here + np.where(answers, 0, drawn)
            answering = np.where(answers, place, answering)
        seconds = uses["seconds"] if np.isfinite(uses["seconds"]).all() else None
        return LeftQuestions(worth, drawn, uses[self._measure], seconds, answering)

    def _draw(self, place: int, later: Array, worth: float | None) -> tuple[Array, Array]:
        """Return (questions,) the samples of a round, and whether the round is left.

        Args:
            place: the index of the round.
            later: (questions,): the use of the later rounds.
            worth: of an accepted answer.
        """
        paths = self._paths[place]
        drawn, left = paths.stop.copy(), np.zeros(len(later), dtype=bool)
        if worth is None:
            return drawn, left
        for fold in range(len(self._totals[place].questions)):
            mine = self._fold == fold
            at, leaves = first_left(paths, self._table(place, later, worth, fold))
            drawn = np.where(mine & leaves, at, drawn)
            left |= mine & leaves
        self.tables.insert(0, self._table(place, later, worth, None))
        return drawn, left

    def _table(self, place: int, later: Array, worth: float, fold: int | None) -> Array:
        """Return the states in which a round is left, learned from all folds but one."""
        paths, totals = self._paths[place], self._totals[place].without(fold)
        others = self._fold != (-1 if fold is None else fold)
        failing = others & self._reached[place] & ~paths.accepted
        if not failing.any():
            return np.zeros(totals.questions.shape, dtype=bool)
        sample_use = paths.sample_use[self._measure][others].mean()
        return states_to_leave(totals, sample_use, worth * later[failing].mean())


def _states(
    paths: Sequence[RoundPaths], fold: Array, left: Sequence[tuple[str, list[Array]]]
) -> list[GiveUpState]:
    """Return the states of all rounds but the last, with the measures by which each is left."""
    states: list[GiveUpState] = []
    for place, reached in enumerate(_reached(paths)):
        totals = count_states(paths[place], reached, fold).without(None)
        for drawn, leading in np.argwhere(totals.questions > 0).tolist():
            leaves = [name for name, tables in left if tables[place][drawn, leading]]
            states.append(
                {
                    "round": paths[place].number,
                    "drawn": drawn,
                    "leading": leading,
                    "escalated": int(totals.failed[drawn, leading]),
                    "questions": int(totals.questions[drawn, leading]),
                    "leaves": leaves,
                }
            )
    return states
