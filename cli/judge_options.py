"""Options that name a judge, for every command whose answers a judge may score."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from .option_groups import option_group
from .output import notify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..eval.judging.judge import Judge
    from ..eval.tasks.base import Task
    from ..models import Team
    from ..programs.options import TeamOptions

_JUDGED = "judge"
"""The kind of answers, and the tier, of a judge."""


@dataclass(frozen=True)
class JudgeOptions:
    """Name a judge and its criteria.

    Attributes:
        model: the judge's model; None for no judge.
        rubric: a text file with the criteria; None for the default ones.
    """

    model: str | None = None
    rubric: Path | None = None

    @property
    def tiers(self) -> tuple[str, ...]:
        """The judge's tier, if there is a judge."""
        return () if self.model is None else (_JUDGED,)

    def reject_for_replay(self) -> None:
        """Raise a usage error if a judge is named, because a replay has the scores of its record.

        Raises:
            click.UsageError: for --judge or --rubric.
        """
        if self.model is not None or self.rubric is not None:
            raise click.UsageError("--replay has the scores of its record: leave out --judge.")

    def add_tier(self, team_options: "TeamOptions") -> "TeamOptions":
        """Return the options of a team that has the judge as a tier of its own."""
        if self.model is None:
            return team_options
        return replace(team_options, tiers={**team_options.tiers, _JUDGED: self.model})

    def judge(self, team: "Team") -> "Judge":
        """Return the judge of a team.

        Raises:
            CopeError: when the rubric cannot be read.
        """
        from ..eval.judging.judge import Judge
        from ..eval.judging.rubric import read_rubric

        return Judge(team, read_rubric(self.rubric)) if self.rubric else Judge(team)

    def advise(self, models: "Mapping[str, str]") -> str | None:
        """Print which judge to take when this one is of the family of a judged model.

        Args:
            models: the judged models by tier.
        """
        from ..eval.judging.runs import family_advice

        advice = family_advice(self.model or "", models)
        if advice:
            notify(advice)
        return advice

    def judged(self, task: "Task", team: "Team") -> "Task":
        """Return the task as the judge scores it, or as it is without a judge.

        Raises:
            CopeError: when answers need a judge and there is none, see `--match judge`.
        """
        from ..eval.judging.task import judged_task

        if self.model is not None:
            self.advise({name: tier.model for name, tier in team.tiers.items() if name != _JUDGED})
            return judged_task(task, self.judge(team))
        if self.rubric is not None:
            raise click.UsageError("--rubric is for a judge: name one with --judge MODEL.")
        if getattr(task, "answer_kind", None) == _JUDGED and task.domain != "open":
            raise CopeError("--match judge needs a judge: name one with --judge MODEL")
        return task


def _judge_options(values: dict[str, Any]) -> JudgeOptions:
    return JudgeOptions(values.pop("judge"), values.pop("rubric"))


judge_options = option_group(
    "judge_options",
    _judge_options,
    click.option(
        "--judge",
        metavar="MODEL",
        help="A model that scores answers in free text, under the tier judge.",
    ),
    click.option(
        "--rubric",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A text with the judge's criteria.",
    ),
)
