"""The cost of a cascade at the last tier's accuracy, measured on questions that chose nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import CopeError
from ...eval import Recording, Replay
from ...models import Price
from ...stats.bootstrap import DRAWS, Estimate, resample
from ...stats.clustered import group_labels
from ...util.arrays import Array
from .losses import cumulative_use, last_tier_alone
from .settings import Setting, SettingGrid, evaluate_settings
from .split import CalibrationSplit, SplitHalf, split_in_half

_SLACK = 1e-9  # between equal means


@dataclass(frozen=True)
class CostAtMatchedAccuracy:
    """The cost at an accuracy that is given by the last tier's.

    Attributes:
        program: the record's primary program, whose thresholds and samples are set.
        measure: the measure of the cost.
        below: the share by which a setting may be less accurate than the last tier alone, on the
            half on which it is chosen.
        settings: the setting that was chosen on each half; None for the last tier alone.
        questions: the number of measured questions, each with the setting of the other half.
        left_out: questions whose calls the record lacks for that setting.
        share: the cost divided by that of the last tier alone.
        difference: the accuracy of the cascade minus that of the last tier alone.
    """

    program: str
    measure: str
    below: float
    settings: tuple[Setting | None, Setting | None]
    questions: int
    left_out: int
    share: Estimate
    difference: Estimate

    def as_dict(self) -> dict[str, Any]:
        document = dict(vars(self))
        document["settings"] = [one and one._asdict() for one in self.settings]
        document["share"] = self.share.as_dict()
        document["difference"] = self.difference.as_dict()
        return document


def matched_costs(
    record: Recording,
    measure: str,
    margin: float,
    prices: Mapping[str, Price],
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return the costs at the last tier's accuracy and at a margin below it, as plain data.

    Args:
        record: see `cost_at_matched_accuracy`.
        measure: a name of `MEASURES` that the record knows.
        margin: the share by which a setting may be less accurate.
        prices: by tier, prices that replace the recorded ones.
        limit: the number of questions; None takes all.
    """
    rows = np.arange(min(len(record), limit or len(record)))
    found = cost_at_matched_accuracy(
        record, measure, (0.0, margin), prices=prices, rows=rows, seed=record.seed
    )
    return [one.as_dict() for one in found]


def cost_at_matched_accuracy(
    record: Recording,
    measure: str,
    below: tuple[float, ...] = (0.0,),
    *,
    prices: Mapping[str, Price] | None = None,
    rows: Array | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[CostAtMatchedAccuracy]:
    """Return the share of the last tier's cost that the cascade needs for the last tier's accuracy.

    A setting that is chosen because it is cheap and accurate does worse on other questions.
    Therefore a setting is chosen on each half of the questions and measured on the other half
    (cross-fitting in two folds). The intervals are of the paired bootstrap over all measured
    questions, with both settings fixed.

    Args:
        record: all rounds of the cascade, and the last tier alone.
        measure: a name of `MEASURES` that the record knows.
        below: shares by which a setting may be less accurate; one result for each.
        prices: by tier, prices that replace the recorded ones.
        rows: indices of the questions; None takes all.
        draws: the draws of the bootstrap.
        seed: the seed of the halves and of the bootstrap.

    Returns:
        An empty list when the record has no gated round, or lacks the last tier alone.

    >>> costs = cost_at_matched_accuracy(Recording.open("gsm8k.parquet"), "large-calls")
    ... # doctest: +SKIP
    """
    try:
        baseline = last_tier_alone(record, prices)
    except CopeError:
        return []
    split = split_in_half(record.keys, record.groups, seed, rows)
    if len(record.rounds) < 2 or not (split.learn.units and split.test.units):
        return []

    def accuracy_gap(cascade: Replay) -> Array:
        return baseline.scores[:, -1:] - cascade.scores

    swapped = CalibrationSplit(split.test, split.learn, split.grouped)
    folds = []
    for fold in (split, swapped):
        folds.append((evaluate_settings(record, fold, accuracy_gap, prices), fold))
    costs = []
    for less in below:
        settings, parts = [], []
        for grid, fold in folds:
            setting = _cheapest(grid, baseline, fold.learn, measure, less)
            settings.append(setting)
            replay = setting.replay(record, prices) if setting else baseline
            parts.append(_measure(replay, baseline, fold.test, measure))
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        measured = columns.pop("row").astype(int)
        columns["n"] = np.ones(len(measured))
        groups = group_labels([record.keys[row] for row in measured], record.group_by_key)
        sums = resample(columns, groups, draws=draws, seed=seed)
        result = CostAtMatchedAccuracy(
            program=next(iter(record.programs)),
            measure=measure,
            below=less,
            settings=(settings[0], settings[1]),
            questions=len(measured),
            left_out=len(split.learn.rows) + len(split.test.rows) - len(measured),
            share=sums.estimate(lambda s: s["cost"] / s["cost_ref"]),
            difference=sums.estimate(lambda s: (s["right"] - s["right_ref"]) / s["n"]),
        )
        costs.append(result)
    return costs


def _cheapest(
    grid: SettingGrid, baseline: Replay, half: SplitHalf, measure: str, below: float
) -> Setting | None:
    """Return the cheapest setting that is accurate enough; None when the last tier is cheaper."""
    cost = np.where(grid.learn_loss <= below + _SLACK, grid.learn_use[measure], np.inf)
    cost = np.where(np.isfinite(cost), cost, np.inf)
    best = int(np.lexsort((grid.learn_loss, cost))[0])
    baseline_cost = float(cumulative_use(baseline, measure)[half.rows, -1].mean())
    return grid.settings[best] if cost[best] < baseline_cost else None


def _measure(replay: Replay, baseline: Replay, half: SplitHalf, measure: str) -> dict[str, Array]:
    """Return row, score and cost of the questions of a half whose outcome is known."""
    outcomes = replay.outcomes()
    rows = half.rows[outcomes.known[half.rows]]
    return {
        "row": rows,
        "right": outcomes.score[rows],
        "right_ref": baseline.scores[rows, -1],
        "cost": cumulative_use(replay, measure)[rows, outcomes.round[rows] - 1],
        "cost_ref": cumulative_use(baseline, measure)[rows, -1],
    }
