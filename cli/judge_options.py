"""Options that name a judge, for every command whose answers a judge may score."""

from typing import Any

import click

from .option_groups import is_set_by_user, option_group
from .option_types import file, option


def _take_judge(values: dict[str, Any]) -> None:
    values["model"] = values.pop("judge")
    if values["rubric"] is not None and values["model"] is None:
        raise click.UsageError("--rubric is for a judge: name one with --judge MODEL.")


def reject_judge_for_replay() -> None:
    """Raise a usage error if a judge is named, because a replay has the scores of its record.

    Raises:
        click.UsageError: for --judge or --rubric.
    """
    if is_set_by_user("judge"):
        raise click.UsageError("--replay has the scores of its record: leave out --judge.")


judge_options = option_group(
    "eval.judging.options:JudgeOptions",
    option(
        "--judge",
        metavar="MODEL",
        help="A model that scores answers in free text, under the tier judge.",
    ),
    file("--rubric", help="A text with the judge's criteria."),
    prepare=_take_judge,
)
