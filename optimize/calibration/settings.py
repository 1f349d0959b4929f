"""Replay every setting of a cascade on both halves of a record: its loss and its use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from ...errors import CopeError
from ...eval import Recording, Replay
from ...eval.replay.round import ReplayedRound
from ...models import Price
from ...programs.preset import Preset
from ...stats.measures import MEASURES
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array
from .losses import cumulative_use
from .sequence import monotone_path
from .split import CalibrationSplit, SplitHalf

_SETTINGS = 3_000  # maximum for one number of samples; above it, finer thresholds are left out
_COUNTS = 16  # maximum of different numbers of samples
_CELLS = 2_000_000  # settings times questions in a block


class Setting(NamedTuple):
    """The values that a calibration chooses.

    Attributes:
        thresholds: one for each gated round.
        samples: the samples of the rounds that draw several; None for the preset's own numbers.
    """

    thresholds: tuple[float, ...]
    samples: int | None

    def replay(self, record: Recording, prices: Mapping[str, Price] | None = None) -> Replay:
        """Replay the record's primary program with this setting."""
        return Replay(record, samples=self.samples, thresholds=self.thresholds, prices=prices)


@dataclass(frozen=True)
class SettingGrid:
    """Loss and use of all settings; every array has one entry for each setting.

    Attributes:
        settings: the settings.
        learn_loss: the mean loss on the half that orders the settings, NaN where all questions
            test; a question whose calls the record lacks counts as lost.
        test_loss: the sum of the losses over the tested units, counted likewise.
        learn_use: by measure, the mean over the questions of the first half, or of all where all
            test, without those whose calls are unknown; NaN where it is unknown.
        strictness: the mean of the thresholds: how much is escalated.
    """

    settings: list[Setting]
    learn_loss: Array
    test_loss: Array
    learn_use: dict[str, Array]
    strictness: Array

    def is_known(self, measure: str) -> bool:
        """Return whether the record knows a measure wherever it knows the calls."""
        known_calls = np.isfinite(self.learn_use["large-calls"])
        return bool((np.isfinite(self.learn_use[measure]) == known_calls).all())


def evaluate_settings(
    record: Recording,
    split: CalibrationSplit,
    loss: Callable[[Replay], Array],
    prices: Mapping[str, Price] | None = None,
    *,
    monotone: bool = False,
) -> SettingGrid:
    """Replay every setting of the record's primary program.

    Args:
        record: the record.
        split: its halves.
        loss: returns (questions, rounds): the loss of each round's answer.
        prices: by tier, prices that replace the recorded ones.
        monotone: whether to replay `monotone_path` with the recorded samples only, in its order.

    Raises:
        CopeError: when the program has no gate to set.
    """
    recorded = Replay(record, prices=prices)
    if len(recorded.rounds) < 2:
        raise CopeError(
            f"preset {recorded.preset.name!r} has one round: there is no threshold to calibrate"
        )
    parts = []
    counts = _sample_counts(recorded.preset)
    for count in counts[-1:] if monotone else counts:
        replay = recorded
        if count is not None:
            replay = Replay(record, recorded.program, samples=count, prices=prices)
        levels = [_levels(gated) for gated in replay.rounds[:-1]]
        thresholds = monotone_path(levels) if monotone else _all_combinations(levels)
        parts.append(_evaluate_thresholds(replay, count, np.array(thresholds), split, loss))
    return SettingGrid(
        [setting for part in parts for setting in part.settings],
        np.concatenate([part.learn_loss for part in parts]),
        np.concatenate([part.test_loss for part in parts]),
        {name: np.concatenate([part.learn_use[name] for part in parts]) for name in MEASURES},
        np.concatenate([part.strictness for part in parts]),
    )


def _sample_counts(preset: Preset) -> list[int | None]:
    """Return the numbers of samples to try: up to the recorded one, evenly spaced if many."""
    several = [round_.samples for round_ in preset.rounds if round_.samples > 1]
    if not several:
        return [None]
    most = min(several)
    counts: list[int | None] = [*_evenly(1, most, min(most, _COUNTS)).tolist()]
    if most < max(several):
        counts.append(None)
    return counts


def _evenly(first: int, last: int, count: int) -> Array:
    """Return at most `count` evenly spaced whole numbers, ascending."""
    return np.unique(np.linspace(first, last, count).round().astype(int))


def _evaluate_thresholds(
    replay: Replay,
    count: int | None,
    thresholds: Array,
    split: CalibrationSplit,
    loss: Callable[[Replay], Array],
) -> SettingGrid:
    """Evaluate (settings, gates) thresholds with one number of samples."""
    losses = np.where(replay.known, loss(replay), 1.0)
    uses = {name: cumulative_use(replay, name) for name in MEASURES}
    learn_loss = np.full(len(thresholds), np.nan)
    test_loss = np.empty(len(thresholds))
    learn_use = {name: np.empty(len(thresholds)) for name in MEASURES}
    rows = split.measured.rows
    for block in _blocks(len(thresholds), len(replay)):
        rounds = answering_round(replay.known, replay.confidence, thresholds[block])
        if split.learn.units:
            learn_loss[block] = _total_loss(losses, rounds, split.learn) / split.learn.units
        test_loss[block] = _total_loss(losses, rounds, split.test)
        known = replay.known[rows, rounds[:, rows]]
        for name, use in uses.items():
            total = np.where(known, use[rows, rounds[:, rows]], 0.0).sum(axis=1)
            with np.errstate(invalid="ignore"):
                learn_use[name][block] = total / known.sum(axis=1)
    settings = [Setting(tuple(map(float, row)), count) for row in thresholds]
    return SettingGrid(settings, learn_loss, test_loss, learn_use, thresholds.mean(axis=1))


def _levels(gated: ReplayedRound) -> Array:
    """Return the thresholds of a gate that can decide differently, the highest first.

    They depend on the votes of the preset, not on what the votes are.
    """
    votes = gated.spec.samples
    if gated.recorded and gated.recorded.confidences:
        votes = max(one.num_levels(votes) for one in gated.recorded.confidences)
    return np.arange(votes, 0, -1) / votes


def _all_combinations(levels: Sequence[Array]) -> list[tuple[float, ...]]:
    """Return every combination of the gates' thresholds, of evenly spaced ones if many."""
    most = int(_SETTINGS ** (1 / len(levels)))
    kept = []
    for gate in levels:
        kept.append(gate if len(gate) <= most else gate[_evenly(0, len(gate) - 1, most)])
    return list(product(*kept))


def _blocks(settings: int, questions: int) -> Iterator[slice]:
    """Divide the settings into blocks that fit into memory."""
    step = max(1, _CELLS // max(1, questions))
    for start in range(0, settings, step):
        yield slice(start, min(start + step, settings))


def answering_round(known: Array, confidence: Array, thresholds: Array) -> Array:
    """Return (settings, questions): the number of the round that answers, from 0.

    A question that gets to a round with unknown calls ends there.

    Args:
        known: (questions, rounds).
        confidence: (questions, rounds).
        thresholds: (settings, rounds - 1).
    """
    questions, rounds = known.shape
    answering = np.full((len(thresholds), questions), rounds - 1)
    escalated = np.ones(answering.shape, dtype=bool)
    for number in range(rounds - 1):
        accepted = confidence[:, number] >= thresholds[:, number, None] - FLOAT_TOLERANCE
        ends = escalated & (~known[:, number] | accepted)
        answering[ends] = number
        escalated &= ~ends
    return answering


def _total_loss(losses: Array, rounds: Array, half: SplitHalf) -> Array:
    """Return (settings,): the sum of the losses over the units of a half."""
    return losses[half.rows, rounds[:, half.rows]] @ half.weights
