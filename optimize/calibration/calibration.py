"""Calibrate a cascade on a record: choose thresholds and samples with a statistical guarantee."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...errors import CopeError, suggest_names
from ...eval import Recording, Replay
from ...models import Price
from ...stats.measures import MEASURES
from ...util.arrays import Array
from .losses import LOSSES, cumulative_use, last_tier_alone
from .result import Calibration, CalibrationTarget
from .selection import Selection, fixed_sequence, learn_then_test
from .sequence import MONOTONE, SPLIT, resolve_sequence
from .settings import SettingGrid, evaluate_settings
from .split import CalibrationSplit, all_for_testing, split_in_half

_COLUMNS = ("id", "question", "gold", "group")


def calibrate(
    record: Recording,
    target: CalibrationTarget,
    prices: Mapping[str, Price] | None = None,
    rows: Array | None = None,
) -> Calibration:
    """Choose the cheapest thresholds and number of samples that pass learn-then-test.

    Args:
        record: all rounds of the cascade, and the last tier alone, on questions like future ones.
        target: what the calibration should achieve.
        prices: by tier, prices that replace the recorded ones.
        rows: indices of the questions to calibrate on; None takes all. The others are not read.

    Raises:
        CopeError: when the record lacks the last tier alone, the right answers that the loss needs,
            or the measure to minimize; when no setting meets both the guarantee and the budget.

    >>> target = CalibrationTarget(harm=0.05)
    >>> calibrate(Recording.open("gsm8k.parquet"), target).guarantee  # doctest: +SKIP
    """
    loss = LOSSES.get(target.loss)
    if loss is None:
        raise CopeError(f"no loss is named {target.loss!r}: {suggest_names(target.loss, LOSSES)}")
    if target.loss == "harm":
        record.require_answers("harm", "take --loss disagreement")
    baseline = last_tier_alone(record, prices)
    groups, column = _groups(record, target.group)
    split = all_for_testing(record.keys, groups, rows)
    sequence = resolve_sequence(target.sequence, split.units, target.harm, target.delta)
    if sequence == SPLIT:
        split = split_in_half(record.keys, groups, target.seed, rows)
        if not split.learn.units:
            raise CopeError(
                "a record of one question, or of one group, has no two halves: record more, or "
                "take --sequence monotone"
            )
    grid = evaluate_settings(
        record,
        split,
        lambda replay: loss(replay, baseline),
        prices,
        monotone=sequence == MONOTONE,
    )
    measure = _measure(target.minimize, grid, record, baseline.last_tier)
    target = replace(target, minimize=measure, group=column)
    selection = _select(target, sequence, grid, split, baseline)
    replay = None
    if selection.chosen is not None:
        replay = grid.settings[selection.chosen].replay(record, prices)
    return Calibration(target, record, sequence, split, grid, selection, baseline, replay, groups)


def _groups(record: Recording, column: str | None) -> tuple[list[str | None] | None, str | None]:
    """Return the group label of each question, and the column that they are from."""
    recorded = record.manifest.group
    if column is None or column == recorded:
        return record.groups, recorded
    if column not in _COLUMNS:
        recorded_as = f"; it was made with --group {recorded}" if recorded else ""
        raise CopeError(
            f"the record has no column {column!r} of questions{recorded_as}: name it to cope "
            "record or cope import, or take id, question or gold"
        )
    columns = (record.ids, record.questions, record.gold, record.groups)
    return list(columns[_COLUMNS.index(column)]), column


def _measure(name: str | None, grid: SettingGrid, record: Recording, last: str) -> str:
    """Return the measure to minimize; the first known one when the user names none."""
    known = [measure for measure in MEASURES if grid.is_known(measure)]
    if name is None:
        return known[0]
    if name not in MEASURES:
        raise CopeError(f"--minimize {name}: {suggest_names(name, MEASURES)}")
    if name not in known:
        price = ", or give each tier's --price" if name.startswith("cost") else ""
        raise CopeError(
            f"{record.name} lacks the {MEASURES[name].description_for(last)}: minimize "
            f"{' or '.join(known)}{price}"
        )
    return name


def _select(
    target: CalibrationTarget,
    sequence: str,
    grid: SettingGrid,
    split: CalibrationSplit,
    baseline: Replay,
) -> Selection:
    """Return the outcome of learn-then-test among the settings within the budget."""
    measure = str(target.minimize)
    cost = grid.learn_use[measure]
    baseline_cost = _mean_use(baseline, measure, split)
    if target.budget is None:
        return _test(target, sequence, grid, split, cost, baseline_cost)
    if not grid.is_known("cost"):
        raise CopeError(
            "--budget-usd-per-1k needs what the calls cost, which is not known: give each tier's "
            "--price"
        )
    usd = grid.learn_use["cost"] * 1000
    baseline_usd = _mean_use(baseline, "cost", split) * 1000
    if not baseline_usd <= target.budget:
        baseline_cost = np.inf  # the last tier alone is out of question
    within = np.where(usd <= target.budget, cost, np.nan)
    selection = _test(target, sequence, grid, split, within, baseline_cost)
    if selection.chosen is None and not baseline_usd <= target.budget:
        unbounded = _test(target, sequence, grid, split, cost, np.inf)
        price = baseline_usd
        if unbounded.chosen is not None:
            price = min(price, float(usd[unbounded.chosen]))
        raise CopeError(
            f"nothing within {target.budget:g} USD for 1,000 questions passes the test; what does "
            f"costs {price:.4g}: raise --budget-usd-per-1k or --harm"
        )
    return selection


def _test(
    target: CalibrationTarget,
    sequence: str,
    grid: SettingGrid,
    split: CalibrationSplit,
    cost: Array,
    baseline_cost: float,
) -> Selection:
    """Return the outcome of the tests, where settings of an unknown cost are never chosen."""
    tested = (grid.test_loss, split.test.units, target.harm, target.delta)
    exact = not split.grouped
    if sequence == MONOTONE:
        order = np.arange(len(grid.settings))
        return fixed_sequence(order, cost, *tested, exact=exact, baseline_cost=baseline_cost)
    return learn_then_test(
        (grid.learn_loss, cost),
        *tested,
        exact=exact,
        baseline_cost=baseline_cost,
        strictness=grid.strictness,
    )


def _mean_use(baseline: Replay, measure: str, split: CalibrationSplit) -> float:
    """Return the last tier's mean use on the questions on which settings are measured.

    It is infinite where it is unknown, so that the cascade is chosen.
    """
    use = cumulative_use(baseline, measure)[split.measured.rows, -1].mean()
    return float(use) if np.isfinite(use) else np.inf
