"""`cope judge`: compare the answers of a run, or of a record, in pairs with others."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...util.output_files import check_output
from ..context import AppContext, pass_app
from ..judge_options import judge_options
from ..option_groups import team_options
from ..option_types import PATH, option
from ..options import json_option, output_option
from ..output import notify, print_json

if TYPE_CHECKING:
    from ...eval.judging.options import JudgeOptions
    from ...eval.judging.session import Judgement
    from ...programs.options import TeamOptions

_FOLDER = Path(".cope") / "judge"


@click.command()
@click.argument("run", metavar="RUN|RECORD", type=PATH)
@option(
    "--against",
    type=PATH,
    metavar="RUN",
    help="The reference of a run: the run of the last tier alone.",
)
@output_option("The judged record, for cope calibrate and cope fit-confidence.")
@judge_options
@json_option
@team_options
@pass_app
def command(
    app: AppContext,
    run: Path,
    against: Path | None,
    output: Path | None,
    judge_options: "JudgeOptions",
    as_json: bool,
    team_options: "TeamOptions",
) -> None:
    """Judge answers in pairs against those of the last tier alone to the same questions.

    RUN is a folder of cope eval; RECORD is a file of cope record, whose scores the judge replaces:
    0 for an answer that is worse. Each pair is judged in both orders. A verdict counts if it
    survives the swap. After an interruption the same command resumes.
    """
    from ...eval import is_recording
    from ...eval.judging.files import judge_record, judge_runs

    if judge_options.model is None:
        raise click.UsageError("Missing option '--judge'.")
    team = app.make_team(judge_options.add_tier(team_options))
    judge = judge_options.judge(team)
    load = partial(app.load_models, team, ["judge"])
    if is_recording(run):
        if output is None:
            raise click.UsageError("Missing option '-o': the judged record is written there.")
        check_output(output, [run], "record", is_recording)
        judged, models = judge_record(judge, run, output, _FOLDER, load)
        notify(f"written to {output}; calibrate with --loss judged-worse")
    elif against is None:
        raise click.UsageError("Missing option '--against'.")
    else:
        judged, models = judge_runs(judge, run, against, _FOLDER, load)
    _show(judged, models, judge_options, run, as_json)


def _show(
    judged: "Judgement",
    models: dict[str, str],
    judge_options: "JudgeOptions",
    run: Path,
    as_json: bool,
) -> None:
    from ...eval.judging.outcome import summarize_pairs, verdicts_of
    from ...eval.judging.session import usage_line

    advice = judge_options.advice(models)
    if advice:
        notify(advice)
    notify(usage_line(judged.usage))
    outcome = summarize_pairs(judged.pairs)
    if as_json:
        document = {"run": str(run), "judge": judge_options.model} | outcome.as_dict()
        print_json(document | {"advice": advice, "verdicts": verdicts_of(judged.pairs)})
    else:
        click.echo("\n".join(outcome.lines()))
