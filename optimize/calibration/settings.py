"""Every setting of a cascade on both halves of a record: what it loses and what it costs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from ...errors import CopeError
from ...eval import Recording, Replay
from ...models import Price
from ...programs.preset import Preset
from ...stats.measures import MEASURES
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array
from .split import CalibrationSplit, SplitHalf

_SETTINGS = 3_000  # of one number of samples; finer thresholds are left out above it
_COUNTS = 16  # numbers of samples that are tried
_CELLS = 2_000_000  # settings by questions in a block


class Setting(NamedTuple):
    """What a calibration sets.

    Attributes:
        thresholds: one for each gated round.
        samples: in the rounds that draw several; None is the preset's own.
    """

    thresholds: tuple[float, ...]
    samples: int | None


@dataclass(frozen=True)
class SettingGrid:
    """What all settings come to; every array has one entry for each setting.

    Attributes:
        settings: the settings.
        learn_loss: mean loss on the half that orders them; a question whose calls the record lacks counts as lost.
        test_loss: sum of the losses over the units of the held-out half, counted likewise.
        learn_use: by measure, mean over the questions of the first half whose calls are known; NaN where it is not known.
        strictness: how much is escalated: the mean of the thresholds.
    """

    settings: list[Setting]
    learn_loss: Array
    test_loss: Array
    learn_use: dict[str, Array]
    strictness: Array

    def is_known(self, measure: str) -> bool:
        """Whether the record knows a measure, and not only where nothing was used; calls are always known."""
        return bool(
            (
                np.isfinite(self.learn_use[measure]) == np.isfinite(self.learn_use["large-calls"])
            ).all()
        )


def evaluate_settings(
    record: Recording,
    halves: CalibrationSplit,
    loss: Callable[[Replay], Array],
    prices: Mapping[str, Price] | None = None,
) -> SettingGrid:
    """Replay every setting.

    Raises:
        CopeError: when the record's program has no gate to set.
    """
    own = Replay(record, prices=prices)
    if len(own.rounds) < 2:
        raise CopeError(
            f"preset {own.preset.name!r} has one round: there is no threshold to calibrate"
        )
    parts = [_evaluate_samples(own, count, halves, loss, prices) for count in _counts(own.preset)]
    return SettingGrid(
        [setting for part in parts for setting in part.settings],
        np.concatenate([part.learn_loss for part in parts]),
        np.concatenate([part.test_loss for part in parts]),
        {name: np.concatenate([part.learn_use[name] for part in parts]) for name in MEASURES},
        np.concatenate([part.strictness for part in parts]),
    )


def _counts(preset: Preset) -> list[int | None]:
    """The numbers of samples to try: all up to the recorded one, thinned out where there are many."""
    several = [r.samples for r in preset.rounds if r.samples > 1]
    if not several:
        return [None]
    most = min(several)
    counts: list[int | None] = [
        *np.unique(np.linspace(1, most, min(most, _COUNTS)).round().astype(int)).tolist()
    ]
    return counts if most == max(several) else [*counts, None]


def _evaluate_samples(
    own: Replay,
    count: int | None,
    halves: CalibrationSplit,
    loss: Callable[[Replay], Array],
    prices: Mapping[str, Price] | None,
) -> SettingGrid:
    replay = (
        own if count is None else Replay(own.recording, own.program, samples=count, prices=prices)
    )
    thresholds = np.array(list(product(*_levels(replay))))
    losses = np.where(replay.known, loss(replay), 1.0)
    used = {
        name: np.cumsum(measure.total(replay.usage, replay.tiers, replay.last_tier), axis=1)
        for name, measure in MEASURES.items()
    }
    learn_loss = np.empty(len(thresholds))
    test_loss = np.empty(len(thresholds))
    learn_use = {name: np.empty(len(thresholds)) for name in MEASURES}
    for block in _blocks(len(thresholds), len(replay)):
        at = answering_round(replay.known, replay.confidence, thresholds[block])
        learn_loss[block] = _total_loss(losses, at, halves.learn) / halves.learn.units
        test_loss[block] = _total_loss(losses, at, halves.test)
        rows = halves.learn.rows
        known = replay.known[rows, at[:, rows]]
        for name, use in used.items():
            here = np.where(known, use[rows, at[:, rows]], 0.0)
            with np.errstate(invalid="ignore"):
                learn_use[name][block] = here.sum(axis=1) / known.sum(axis=1)
    settings = [Setting(tuple(map(float, row)), count) for row in thresholds]
    return SettingGrid(settings, learn_loss, test_loss, learn_use, thresholds.mean(axis=1))


def _levels(replay: Replay) -> Iterator[Array]:
    """For each gate the thresholds that can decide differently, highest first."""
    gated = replay.rounds[:-1]
    most = int(_SETTINGS ** (1 / len(gated)))
    for round_ in gated:
        samples = round_.spec.samples
        confidences = round_.recorded.confidences if round_.recorded else []
        votes = max((one.num_levels(samples) for one in confidences), default=samples)
        levels = np.arange(votes, 0, -1) / votes
        yield (
            levels
            if votes <= most
            else levels[np.unique(np.linspace(0, votes - 1, most).round().astype(int))]
        )


def _blocks(settings: int, questions: int) -> Iterator[slice]:
    step = max(1, _CELLS // max(1, questions))
    return (slice(start, min(start + step, settings)) for start in range(0, settings, step))


def answering_round(known: Array, confidence: Array, thresholds: Array) -> Array:
    """The round that answers, from 0, for each setting and question; the first whose calls are not known, if it gets there.

    Args:
        known: (questions, rounds).
        confidence: (questions, rounds).
        thresholds: (settings, rounds - 1).
    """
    questions, rounds = known.shape
    at = np.full((len(thresholds), questions), rounds - 1)
    going = np.ones(at.shape, dtype=bool)
    for number in range(rounds - 1):
        ends = going & (
            ~known[:, number]
            | (confidence[:, number] >= thresholds[:, number, None] - FLOAT_TOLERANCE)
        )
        at[ends] = number
        going &= ~ends
    return at


def _total_loss(losses: Array, at: Array, half: SplitHalf) -> Array:
    return losses[half.rows, at[:, half.rows]] @ half.weights
