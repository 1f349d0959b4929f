"""Calibrate a cascade on a record: thresholds and samples with a promise that holds."""

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
from .losses import LOSSES, last_tier_alone
from .risk_test import groups_needed, units_needed
from .selection import Selection, learn_then_test
from .settings import Setting, SettingGrid, answering_round, evaluate_settings
from .split import CalibrationSplit, split_in_half, unit_labels


@dataclass(frozen=True)
class CalibrationTarget:
    """What is wanted of a calibration.

    Attributes:
        harm: the greatest share of questions that may be lost.
        delta: the greatest chance that the promise is wrong, over the draw of the record's questions.
        loss: `harm` or `disagreement`.
        minimize: a name of `MEASURES`; None takes the first that the record knows.
        budget: USD for a thousand questions, at most.
        group: the record's column whose equal values belong together; None takes the groups that it was made with.
        seed: of the split.
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
    """What was chosen, and all that it was chosen from.

    Attributes:
        target: what was wanted; `minimize` and `group` are filled in.
        record: the samples.
        split: who was ordered by and who was tested on.
        grid: all settings.
        selection: the sequence, its p-values, and the survivor.
        baseline: the last tier alone.
        replay: the cascade as chosen; None when the last tier alone answers.
        groups: questions with the same value belong together; None where none do.
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
        """The cascade as chosen; as it was recorded, when the last tier alone answers."""
        return self.replay or Replay(self.record)

    @property
    def setting(self) -> Setting | None:
        """What was chosen; None for the last tier alone."""
        return None if self.selection.chosen is None else self.grid.settings[self.selection.chosen]

    @property
    def p_value(self) -> float | None:
        """The p-value of what was chosen."""
        return (
            None
            if self.selection.chosen is None
            else float(self.selection.p_values[self.selection.num_passed - 1])
        )

    @cached_property
    def held_out(self) -> tuple[HeldOutSummary | None, HeldOutSummary]:
        """The cascade as chosen and the last tier alone, on the held-out half."""
        half, beside = (
            self.split.test,
            summarize_half(self.baseline, self.baseline.outcomes(), self.baseline, self.split.test),
        )
        return (
            summarize_half(self.replay, self.replay.outcomes(), self.baseline, half)
            if self.replay
            else None
        ), beside

    @cached_property
    def savings(self) -> dict[str, Estimate]:
        """By measure, what the chosen setting saves on the held-out half; empty for the last tier alone."""
        if self.replay is None:
            return {}
        return estimate_savings(
            self.replay, self.replay.outcomes(), self.baseline, self.split.test, self.target.seed
        )

    @property
    def last_tier(self) -> str:
        """The tier whose answers alone are the reference."""
        return self.baseline.last_tier

    @property
    def guarantee(self) -> str:
        """The promise in a sentence."""
        if self.setting is None:
            return f"The {self.last_tier} model alone answers, so nothing is lost against it and nothing is saved."
        of = "a group's questions, on average over groups" if self.split.grouped else "questions"
        return (
            f"With {100 * (1 - self.target.delta):.4g}% confidence: on new questions like these the cascade "
            f"{LOSSES[self.target.loss][1].format(last=self.last_tier)} on at most {100 * self.target.harm:.4g}% of {of}."
        )

    @cached_property
    def num_units_needed(self) -> int | None:
        """Held-out units with which the safest setting would pass four times out of five; None when no number will do.

        Its risk is taken to be what it is on both halves together, half a loss added; groups to come lose what these do.
        """
        if not self.selection.sequence.size:
            return None
        first, halves = self.selection.sequence[0], self.split
        if halves.grouped:
            return groups_needed(
                self._lost_by_group(self.grid.settings[first]), self.target.harm, self.target.delta
            )
        lost = float(self.grid.learn_loss[first] * halves.learn.units + self.grid.test_loss[first])
        return units_needed(
            (lost + 0.5) / (halves.learn.units + halves.test.units + 1),
            self.target.harm,
            self.target.delta,
        )

    def _lost_by_group(self, setting: Setting) -> Array:
        """(groups,) of both halves: the share of each that a setting loses."""
        replay = Replay(self.record, samples=setting.samples, thresholds=setting.thresholds)
        losses = np.where(replay.known, LOSSES[self.target.loss][0](replay, self.baseline), 1.0)
        rows = np.concatenate([self.split.learn.rows, self.split.test.rows])
        weights = np.concatenate([self.split.learn.weights, self.split.test.weights])
        at = answering_round(replay.known, replay.confidence, np.array([setting.thresholds]))[0]
        _, group = np.unique(unit_labels(self.record.keys, self.groups)[rows], return_inverse=True)
        return np.bincount(group, losses[rows, at[rows]] * weights)


def calibrate(
    record: Recording,
    target: CalibrationTarget,
    prices: Mapping[str, Price] | None = None,
    rows: Array | None = None,
) -> Calibration:
    """Choose thresholds and the number of samples: the cheapest that learn-then-test lets pass.

    Args:
        record: every round of the cascade, and the last tier alone, on questions like those to come.
        target: what is wanted.
        prices: the user's price of a tier; else what was recorded.
        rows: places of the questions to calibrate on; all when None. The others are not looked at.

    Raises:
        CopeError: when the record lacks the last tier alone, or the right answers that the loss needs, or does not tell what
            is to be minimized; when no setting keeps both the promise and the budget.

    >>> calibrate(Recording.open("gsm8k.parquet"), CalibrationTarget(harm=0.05)).guarantee  # doctest: +SKIP
    """
    loss = LOSSES.get(target.loss)
    if loss is None:
        raise CopeError(f"no loss is named {target.loss!r}: {suggest_names(target.loss, LOSSES)}")
    if target.loss == "harm":
        record.require_answers("harm", "take --loss disagreement")
    large = last_tier_alone(record, prices)
    groups, column = _groups(record, target.group)
    halves = split_in_half(record.keys, groups, target.seed, rows)
    if not (halves.learn.units and halves.test.units):
        raise CopeError("a record of one question, or of one group, has no two halves: record more")
    tried = evaluate_settings(record, halves, lambda replay: loss[0](replay, large), prices)
    target = replace(
        target, minimize=_minimized(target.minimize, tried, record, large.last_tier), group=column
    )
    choice = _choose(target, tried, halves, large)
    chosen = None if choice.chosen is None else tried.settings[choice.chosen]
    replay = None
    if chosen is not None:
        replay = Replay(record, samples=chosen.samples, thresholds=chosen.thresholds, prices=prices)
    return Calibration(target, record, halves, tried, choice, large, replay, groups)


def _groups(record: Recording, column: str | None) -> tuple[list[str | None] | None, str | None]:
    if column is None or column == record.manifest.group:
        return record.groups, record.manifest.group
    if column not in ("id", "question", "gold", "group"):
        made = (
            f"; it was made with --group {record.manifest.group}" if record.manifest.group else ""
        )
        raise CopeError(
            f"the record has no column {column!r} of questions{made}: name it to cope record or cope import, "
            "or take id, question or gold"
        )
    names = {
        "id": record.ids,
        "question": record.questions,
        "gold": record.gold,
        "group": record.groups,
    }
    return list(names[column]), column


def _minimized(name: str | None, tried: SettingGrid, record: Recording, last: str) -> str:
    known = [measure for measure in MEASURES if tried.is_known(measure)]
    if name is None:
        return known[0]
    if name not in MEASURES:
        raise CopeError(f"--minimize {name}: {suggest_names(name, MEASURES)}")
    if name not in known:
        price = ", or give each tier's --price" if name.startswith("cost") else ""
        raise CopeError(
            f"{record.name} does not tell the {MEASURES[name].description_for(last)}: minimize {' or '.join(known)}{price}"
        )
    return name


def _choose(
    aim: CalibrationTarget, tried: SettingGrid, halves: CalibrationSplit, large: Replay
) -> Selection:
    minimize = str(aim.minimize)
    beside = {name: _mean_of(large, name, halves) for name in MEASURES}

    def chosen(cost: Array) -> Selection:
        return learn_then_test(
            (tried.learn_loss, cost),
            tried.test_loss,
            halves.test.units,
            aim.harm,
            aim.delta,
            exact=not halves.grouped,
            baseline_cost=beside[minimize],
            strictness=tried.strictness,
        )

    cost = tried.learn_use[minimize]
    if aim.budget is None:
        return chosen(cost)
    per_1k = tried.learn_use["cost"] * 1000
    if not tried.is_known("cost"):
        raise CopeError(
            "--budget-usd-per-1k needs what the calls cost, which is not known: give each tier's --price"
        )
    choice = chosen(np.where(per_1k <= aim.budget, cost, np.nan))
    if choice.chosen is None and not beside["cost"] * 1000 <= aim.budget:
        free = chosen(cost)
        price = beside["cost"] * 1000 if free.chosen is None else per_1k[free.chosen]
        raise CopeError(
            f"nothing within {aim.budget:g} USD for 1,000 questions passes the test; what does costs {price:.4g}: "
            "raise --budget-usd-per-1k or --harm"
        )
    return choice


def _mean_of(large: Replay, measure: str, halves: CalibrationSplit) -> float:
    """What the last tier alone uses on the first half; infinite where it is not known, so that the cascade is kept."""
    use = (
        MEASURES[measure]
        .total(large.usage, large.tiers, large.last_tier)[halves.learn.rows, -1]
        .mean()
    )
    return float(use) if np.isfinite(use) else np.inf
