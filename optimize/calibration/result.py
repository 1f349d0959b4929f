"""What a calibration should achieve, and what it chose."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...eval import Recording, Replay
from ...programs.calibration_file import describe_setting
from ...stats.bootstrap import Estimate
from ...util.arrays import Array
from .give_up import LearnedGiveUp, learn_give_up
from .held_out import HeldOutSummary, estimate_savings, summarize_half
from .losses import LOSSES
from .risk_test import groups_needed, units_needed
from .selection import Selection
from .sequence import AUTO, SPLIT
from .settings import Setting, SettingGrid, answering_round
from .shortfall import Shortfall, assumed_loss, percentage
from .split import CalibrationSplit, unit_labels


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
        sequence: a name of `SEQUENCES`: what orders the settings.
    """

    harm: float = 0.02
    delta: float = 0.1
    loss: str = "harm"
    minimize: str | None = None
    budget: float | None = None
    group: str | None = None
    seed: int = 0
    sequence: str = AUTO


@dataclass(frozen=True)
class Calibration:
    """The outcome of a calibration, with all that it was chosen from.

    Attributes:
        target: the target, with `minimize` and `group` filled in.
        record: the samples.
        sequence: `monotone` or `split`: what ordered the settings.
        split: the half that orders the settings, and the half that tests them; of a monotone
            sequence all questions test.
        grid: all settings.
        selection: the tested sequence, its p-values, and the chosen setting.
        baseline: the last tier alone.
        replay: the cascade with the chosen setting; None when the last tier alone answers.
        groups: by question, a label that is equal for questions that belong together; None without
            groups.
    """

    target: CalibrationTarget
    record: Recording
    sequence: str
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
        """The p-value of the chosen setting; None for the last tier alone."""
        if self.setting is None:
            return None
        return float(self.selection.p_values[self.selection.position])

    @cached_property
    def held_out(self) -> tuple[HeldOutSummary | None, HeldOutSummary]:
        """The chosen cascade and the last tier alone, on the tested questions."""
        chosen = None
        if self.replay is not None:
            chosen = summarize_half(self.replay, self.baseline, self.split.test)
        return chosen, summarize_half(self.baseline, self.baseline, self.split.test)

    @cached_property
    def savings(self) -> dict[str, Estimate]:
        """By measure, the savings on the tested questions; empty for the last tier alone."""
        if self.replay is None:
            return {}
        return estimate_savings(self.replay, self.baseline, self.split.test, self.target.seed)

    @cached_property
    def units(self) -> Array:
        """(questions,): equal for questions that belong together."""
        return unit_labels(self.record.keys, self.groups)

    @cached_property
    def give_up(self) -> LearnedGiveUp | None:
        """The rule `give-up` on all questions; None for the last tier alone."""
        if self.replay is None:
            return None
        return learn_give_up(self.replay, self.units, self.target.harm, self.target.seed)

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
            f"With {percentage(1 - target.delta)}% confidence: on new questions like these the "
            f"cascade {LOSSES[target.loss].description.format(last=last)} on at most "
            f"{percentage(target.harm)}% of {questions}."
        )

    @cached_property
    def shortfall(self) -> Shortfall | None:
        """What the safest setting lacks to pass; None when one passes, or none was tested."""
        selection, split, target = self.selection, self.split, self.target
        if selection.num_passed or not selection.sequence.size:
            return None
        safest = selection.sequence[0]
        setting = self.grid.settings[safest]
        lost = total_lost = float(self.grid.test_loss[safest])
        if split.learn.units:
            total_lost += float(self.grid.learn_loss[safest] * split.learn.units)
        if split.grouped:
            losses = self._loss_by_group(setting)
            needed = groups_needed(losses, target.harm, target.delta)
        else:
            risk = assumed_loss(total_lost, split.units)
            needed = units_needed(risk, target.harm, target.delta)
        return Shortfall(
            describe_setting(*setting),
            lost,
            split.test.units,
            float(selection.p_values[0]),
            total_lost,
            split.units,
            needed,
            target.harm,
            target.delta,
            split.grouped,
            self.sequence == SPLIT,
        )

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
