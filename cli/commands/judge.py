"""`cope judge`: compare the answers of a run in pairs with those of another."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..context import AppContext, pass_app
from ..judge_options import JudgeOptions, judge_options
from ..option_groups import team_options
from ..options import json_option
from ..output import notify, print_json

if TYPE_CHECKING:
    from ...programs.options import TeamOptions

_FOLDER = Path(".cope") / "judge"


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--against",
    required=True,
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="The reference: the run of the last tier alone.",
)
@judge_options
@json_option
@team_options
@pass_app
def command(
    app: AppContext,
    run: Path,
    against: Path,
    judge_options: JudgeOptions,
    as_json: bool,
    team_options: "TeamOptions",
) -> None:
    """Judge RUN, a folder of cope eval, in pairs against another one on the same questions.

    Each pair is judged in both orders. A verdict counts if it survives the swap. After an
    interruption the same command resumes.
    """
    from ...eval import RunStore
    from ...eval.judging.outcome import summarize_pairs
    from ...eval.judging.runs import family_advice, pairs_of_runs
    from ...eval.judging.session import judge_in_folder, usage_line

    if judge_options.model is None:
        raise click.UsageError("Missing option '--judge'.")
    judged, reference = RunStore.read(run), RunStore.read(against)
    pairs = pairs_of_runs(judged, reference)
    team = app.make_team(judge_options.add_tier(team_options))
    app.load_models(team, ["judge"])
    models = reference.settings.get("models", {}) | judged.settings.get("models", {})
    advice = family_advice(judge_options.model, models)
    if advice:
        notify(advice)
    folder = _FOLDER / f"{judged.path.name}-{reference.path.name}"
    judgement = judge_in_folder(judge_options.judge(team), pairs, folder)
    outcome = summarize_pairs(judgement.pairs)
    notify(usage_line(judgement.usage))
    if as_json:
        verdicts = [{"key": one.pair.key, "outcome": one.outcome} for one in judgement.pairs]
        document = {"run": str(run), "against": str(against), "judge": judge_options.model}
        print_json(document | outcome.as_dict() | {"advice": advice, "verdicts": verdicts})
        return
    for line in outcome.lines():
        click.echo(line)
