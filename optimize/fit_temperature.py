"""Select the temperature T of `cisc` on a record, as its paper does on a part of the questions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..errors import LacksLogprobs
from ..eval import Replay
from ..eval.replay.round import ReplayedRound
from ..programs.confidence.cisc import TEMPERATURE, Cisc
from ..stats.reliability import assign_folds
from ..util.arrays import Array

TEMPERATURES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""The values that are tried. At the largest, the samples have nearly equal weights."""


@dataclass(frozen=True)
class TemperatureFit:
    """The selected T, and what a selected T is worth on other questions.

    Attributes:
        temperature: T, selected on all rounds.
        rounds: number of rounds that it was selected on: gated, of several samples, with
            log-probabilities and scores.
        accuracy: share of the rounds that are right, each with the T of the other half of the
            questions, 0 to 1.
        default_accuracy: the share with the default T.
    """

    temperature: float
    rounds: int
    accuracy: float
    default_accuracy: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def line(self) -> str:
        """Return the fit as a line of text."""
        return (
            f"cisc: T {self.temperature:g}, right {self.accuracy:.1%} of {self.rounds} rounds with "
            f"a T of other questions, {self.default_accuracy:.1%} with {TEMPERATURE:g}; name it in "
            f'a round: confidence = "cisc:{self.temperature:g}"'
        )


def fit_temperature(replay: Replay) -> TemperatureFit | None:
    """Select T on the gated rounds of the replay of a record.

    The T whose answers are most often right is selected; of equal ones the nearest to the default.

    Returns:
        None when no round has several samples with log-probabilities and scores.
    """
    tables: list[Array] = []
    units: list[str] = []
    for round_ in replay.rounds:
        right = _right_by_temperature(round_)
        if right is None:
            continue
        known = np.flatnonzero(~np.isnan(right).any(axis=1))
        tables.append(right[known])
        units += [replay.recording.keys[row] for row in known]
    if not units:
        return None
    right = np.concatenate(tables)
    folds = assign_folds(units)
    held = np.empty(len(right))
    for fold in np.unique(folds):
        inside = folds == fold
        others = right if inside.all() else right[~inside]
        held[inside] = right[inside, _best(others)]
    return TemperatureFit(
        temperature=TEMPERATURES[_best(right)],
        rounds=len(right),
        accuracy=float(held.mean()),
        default_accuracy=float(right[:, TEMPERATURES.index(TEMPERATURE)].mean()),
    )


def _right_by_temperature(round_: ReplayedRound) -> Array | None:
    """Return (questions, `TEMPERATURES`): whether the answer is right; NaN where it is unknown."""
    samples, recorded = round_.samples, round_.recorded
    if round_.spec.threshold is None or samples is None or recorded is None:
        return None
    if samples.votes.shape[1] < 2:
        return None
    columns = []
    for temperature in TEMPERATURES:
        try:
            leader = Cisc(temperature).decide(samples).leader
        except LacksLogprobs:
            return None
        scores = recorded.scores[np.arange(len(leader)), leader]
        right = np.where(leader >= 0, scores >= 1.0, 0.0)
        columns.append(np.where(np.isnan(scores) & (leader >= 0), np.nan, right))
    return np.stack(columns, axis=1)


def _best(right: Array) -> int:
    """Return the position of the T with most right answers."""
    means: Sequence[float] = right.mean(axis=0)
    default = TEMPERATURES.index(TEMPERATURE)
    return max(range(len(means)), key=lambda place: (means[place], -abs(place - default)))
