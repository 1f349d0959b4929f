"""The options of a judge: its model and its criteria."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import CopeError
from ...models import Team
from ...programs.judge import Judge
from ...programs.options import TeamOptions
from ..tasks.base import Task
from ..tasks.open_ended import JUDGED
from .rubric import read_rubric
from .runs import family_advice
from .task import judged_task


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
        return () if self.model is None else (JUDGED,)

    def add_tier(self, team_options: TeamOptions) -> TeamOptions:
        """Return the options of a team that has the judge as a tier of its own."""
        if self.model is None:
            return team_options
        return replace(team_options, tiers=dict(team_options.tiers) | {JUDGED: self.model})

    def judge(self, team: Team) -> Judge:
        """Return the judge of a team.

        Raises:
            CopeError: when the rubric cannot be read.
        """
        return Judge(team, read_rubric(self.rubric)) if self.rubric else Judge(team)

    def advice(self, models: Mapping[str, str]) -> str | None:
        """Return which judge to take when this one is of the family of a judged model.

        Args:
            models: the judged models by tier.
        """
        return family_advice(self.model or "", models)

    def judged(self, task: Task, team: Team, notify: Callable[[str], None]) -> Task:
        """Return the task as the judge scores it, or as it is without a judge.

        Args:
            task: the task.
            team: a team with the tier of the judge, see `add_tier`.
            notify: receives a line when another judge should be taken.

        Raises:
            CopeError: when answers need a judge and there is none, see `--match judge`.
        """
        if self.model is not None:
            judged = {name: tier.model for name, tier in team.tiers.items() if name != JUDGED}
            advice = self.advice(judged)
            if advice:
                notify(advice)
            return judged_task(task, self.judge(team))
        if getattr(task, "answer_kind", None) == JUDGED and task.domain != "open":
            raise CopeError("--match judge needs a judge: name one with --judge MODEL")
        return task
