"""The settings that decide the results of a run, and so its folder."""

from typing import Any

from ...models import Team
from ...programs import System
from ...programs.options import TeamOptions
from ..tasks.base import Task
from .options import DataOptions


def question_settings(task: Task, data: DataOptions) -> dict[str, Any]:
    """Return the settings that decide which questions are asked and what models see of them."""
    settings: dict[str, Any] = {"task": task.name}
    if task.test_visibility:
        settings["shown"] = task.test_visibility
    if data.task_file is not None:
        settings["task_file"] = data.task_file.digest
    settings["split"] = data.split
    settings["data"] = data.data_name
    if data.columns is not None:
        settings["columns"] = data.columns.as_dict()
    return settings


def run_settings(
    task: Task, data: DataOptions, team_options: TeamOptions, team: Team, system: System
) -> dict[str, Any]:
    """Return all settings that decide the results of a run, and so its folder.

    Args:
        task: the task.
        data: the options of the questions.
        team_options: the options of the team.
        team: the tiers.
        system: answers the questions.
    """
    settings = question_settings(task, data)
    settings["preset"] = system.name
    settings["program"] = system.fingerprint()
    settings["models"] = {tier: team[tier].model for tier in system.tiers}
    settings = system.settings() | settings
    return settings | team_options.request_settings()
