"""`cope judge-check`: measure a judge against human labels."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..context import AppContext, pass_app
from ..judge_options import judge_options
from ..option_groups import team_options
from ..options import json_option
from ..output import print_json

if TYPE_CHECKING:
    from ...eval.judging.options import JudgeOptions
    from ...programs.options import TeamOptions

_FOLDER = Path(".cope") / "judge-check"


@click.command()
@click.argument("data", metavar="FILE")
@judge_options
@json_option
@team_options
@pass_app
def command(
    app: AppContext,
    data: str,
    judge_options: "JudgeOptions",
    as_json: bool,
    team_options: "TeamOptions",
) -> None:
    """Measure a judge against FILE, a table of question, answer and label, yes or no.

    At least 20 labels are needed. The agreement is that of Cohen's kappa, with a 95% interval.
    After an interruption the same command resumes.
    """
    from ...eval.judging.check import check_judge, read_labels

    if judge_options.model is None:
        raise click.UsageError("Missing option '--judge'.")
    labeled = read_labels(data)
    team = app.make_team(judge_options.add_tier(team_options))
    app.load_models(team, ["judge"])
    check = check_judge(judge_options.judge(team), labeled, _FOLDER / Path(data).stem)
    if as_json:
        print_json(check.as_dict())
        return
    for line in check.lines():
        click.echo(line)
