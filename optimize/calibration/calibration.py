"""Calibrate a cascade on a record: choose thresholds and samples with a statistical guarantee."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...errors import CopeError, suggest_names
from ...eval import Recording, Replay
from ...models import Price
from ...stats.bootstrap import Estimate
from ...stats.measures import MEASURES
from ...util.arrays import Array
from .held_out import HeldOutSummary, estimate_savings, summarize_half
from .losses import LOSSES, cumulative_use, last_tier_alone
from .risk_test import groups_needed, units_needed
from .selection import Selection, learn_then_test
from .settings import Setting, SettingGrid, answering_round, evaluate_settings
from .split import CalibrationSplit, split_in_half, unit_labels

_COLUMNS = ("id", "question", "gold", "group")


@dataclass(frozen=True)
class CalibrationTarget:
    """What a calibration should achieve.

    Attributes:
        harm: the maximum share of questions that may be lost.
        delta: the maximum probability that the guarantee is wrong, over draws of the record's
            questions.
        loss: `harm` or `disagreement`.
        minimize: a name of `MEASURES`; None takes the first that the record knows.
        budget: the maximum cost in USD of a thousand questions.
        group: the record's column whose equal values belong together; None takes the groups of the
            record.
        seed: the seed of the split.
    """

    harm: float = 0.02
    delta: float = 0.1
    loss: str = "harm"
    minimize: str | None = None
    budget: float | None = None
    group: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Calibration:
    """The outcome of a calibration, with all that it was chosen from.

    Attributes:
        target: the target, with `minimize` and `group` filled in.
        record: the samples.
        split: the half that orders the settings, and the half that tests them.
        grid: all settings.
        selection: the tested sequence, its p-values, and the chosen setting.
        baseline: the last tier alone.
        replay: the cascade with the chosen setting; None when the last tier alone answers.
        groups: by question, a label that is equal for questions that belong together; None without
            groups.
    """

    target: CalibrationTarget
    record: Recording
    split: CalibrationSplit
    grid: SettingGrid
    selection: Selection
    baseline: Replay
    replay: Replay | None
    groups: list[str | None] | None = None

    @property
    def cascade(self) -> Replay:
        """The cascade with the chosen setting; as recorded, when the last tier alone answers."""
        return self.replay or Replay(self.record)

    @property
    def setting(self) -> Setting | None:
        """The chosen setting; None for the last tier alone."""
        if self.selection.chosen is None:
            return None
        return self.grid.settings[self.selection.chosen]

    @property
    def p_value(self) -> float | None:
        """The p-value of the chosen setting."""
        if self.selection.chosen is None:
            return None
        return float(self.selection.p_values[self.selection.num_passed - 1])

    @cached_property
    def held_out(self) -> tuple[HeldOutSummary | None, HeldOutSummary]:
        """The chosen cascade and the last tier alone, on the held-out half."""
        chosen = None
        if self.replay is not None:
            chosen = summarize_half(self.replay, self.baseline, self.split.test)
        return chosen, summarize_half(self.baseline, self.baseline, self.split.test)

    @cached_property
    def savings(self) -> dict[str, Estimate]:
        """By measure, the savings on the held-out half; empty for the last tier alone."""
        if self.replay is None:
            return {}
        return estimate_savings(self.replay, self.baseline, self.split.test, self.target.seed)

    @property
    def last_tier(self) -> str:
        """The tier whose answers alone are the reference."""
        return self.baseline.last_tier

    @property
    def guarantee(self) -> str:
        """The guarantee as a sentence."""
        last, target = self.last_tier, self.target
        if self.setting is None:
            return (
                f"The {last} model alone answers, so nothing is lost against it and nothing is "
                "saved."
            )
        questions = "questions"
        if self.split.grouped:
            questions = "a group's questions, on average over groups"
        return (
            f"With {100 * (1 - target.delta):.4g}% confidence: on new questions like these the "
            f"cascade {LOSSES[target.loss].description.format(last=last)} on at most "
            f"{100 * target.harm:.4g}% of {questions}."
        )

    @cached_property
    def num_units_needed(self) -> int | None:
        """The held-out units with which the safest setting would pass four times out of five.

        Its risk is estimated on both halves together, with half a loss added; future groups are
        assumed to lose what these groups lose. None when no number of units is enough.
        """
        if not self.selection.sequence.size:
            return None
        safest, split, target = self.selection.sequence[0], self.split, self.target
        if split.grouped:
            losses = self._loss_by_group(self.grid.settings[safest])
            return groups_needed(losses, target.harm, target.delta)
        lost = float(self.grid.learn_loss[safest] * split.learn.units + self.grid.test_loss[safest])
        risk = (lost + 0.5) / (split.learn.units + split.test.units + 1)
        return units_needed(risk, target.harm, target.delta)

    def _loss_by_group(self, setting: Setting) -> Array:
        """Return (groups,) of both halves: the share of each group that a setting loses."""
        replay = setting.replay(self.record)
        losses = np.where(replay.known, LOSSES[self.target.loss](replay, self.baseline), 1.0)
        rows = np.concatenate([self.split.learn.rows, self.split.test.rows])
        weights = np.concatenate([self.split.learn.weights, self.split.test.weights])
        rounds = answering_round(replay.known, replay.confidence, np.array([setting.thresholds]))[0]
        labels = unit_labels(self.record.keys, self.groups)[rows]
        _, group = np.unique(labels, return_inverse=True)
        return np.bincount(group, losses[rows, rounds[rows]] * weights)


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
    split = split_in_half(record.keys, groups, target.seed, rows)
    if not (split.learn.units and split.test.units):
        raise CopeError("a record of one question, or of one group, has no two halves: record more")
    grid = evaluate_settings(record, split, lambda replay: loss(replay, baseline), prices)
    measure = _measure(target.minimize, grid, record, baseline.last_tier)
    target = replace(target, minimize=measure, group=column)
    selection = _select(target, grid, split, baseline)
    replay = None
    if selection.chosen is not None:
        replay = grid.settings[selection.chosen].replay(record, prices)
    return Calibration(target, record, split, grid, selection, baseline, replay, groups)


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
    target: CalibrationTarget, grid: SettingGrid, split: CalibrationSplit, baseline: Replay
) -> Selection:
    """Return the outcome of learn-then-test among the settings within the budget."""
    measure = str(target.minimize)
    baseline_cost = _mean_use(baseline, measure, split)

    def select(cost: Array) -> Selection:
        return learn_then_test(
            (grid.learn_loss, cost),
            grid.test_loss,
            split.test.units,
            target.harm,
            target.delta,
            exact=not split.grouped,
            baseline_cost=baseline_cost,
            strictness=grid.strictness,
        )

    cost = grid.learn_use[measure]
    if target.budget is None:
        return select(cost)
    if not grid.is_known("cost"):
        raise CopeError(
            "--budget-usd-per-1k needs what the calls cost, which is not known: give each tier's "
            "--price"
        )
    usd = grid.learn_use["cost"] * 1000
    baseline_usd = _mean_use(baseline, "cost", split) * 1000
    selection = select(np.where(usd <= target.budget, cost, np.nan))
    if selection.chosen is None and not baseline_usd <= target.budget:
        unbounded = select(cost)
        price = baseline_usd if unbounded.chosen is None else usd[unbounded.chosen]
        raise CopeError(
            f"nothing within {target.budget:g} USD for 1,000 questions passes the test; what does "
            f"costs {price:.4g}: raise --budget-usd-per-1k or --harm"
        )
    return selection


def _mean_use(baseline: Replay, measure: str, split: CalibrationSplit) -> float:
    """Return the last tier's mean use on the first half.

    It is infinite where it is unknown, so that the cascade is chosen.
    """
    use = cumulative_use(baseline, measure)[split.learn.rows, -1].mean()
    return float(use) if np.isfinite(use) else np.inf
