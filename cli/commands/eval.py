"""`cope eval`: a preset or program on a task, live, resumable, tracked."""

from typing import TYPE_CHECKING

import click

from ...programs.systems.registry import only_cascades_error
from ..context import AppContext, pass_app
from ..judge_options import judge_options, reject_judge_for_replay
from ..option_groups import (
    agent_options,
    data_options,
    is_set_by_user,
    lists_tasks,
    program_options,
    run_options,
    team_options,
)
from ..option_types import option
from ..options import (
    calibration_option,
    early_stop_option,
    group_option,
    hedge_option,
    json_option,
    repeat_option,
    replay_option,
    system_option,
)
from ..output import notify, print_json
from ..task_options import chosen_task, task_argument

if TYPE_CHECKING:
    from ...eval.judging.options import JudgeOptions
    from ...eval.run.options import DataOptions, RunOptions
    from ...programs.agent.settings import AgentSettings
    from ...programs.options import ProgramOptions, TeamOptions


@click.command()
@task_argument
@data_options
@group_option
@run_options(".cope/eval")
@system_option
@replay_option
@json_option
@option(
    "--ranks-from",
    metavar="RECORD",
    help="Rank log-probabilities among the questions of a record, not those seen so far.",
)
@option(
    "--by", metavar="FIELD", help="Break the results down by a field of the rows, such as level."
)
@repeat_option
@judge_options
@program_options
@early_stop_option
@calibration_option
@hedge_option
@agent_options
@team_options
@pass_app
@lists_tasks
def command(
    app: AppContext,
    task: str | None,
    data_options: "DataOptions",
    run_options: "RunOptions",
    system: str | None,
    replay: str | None,
    as_json: bool,
    ranks_from: str | None,
    by: str | None,
    repeat: int,
    judge_options: "JudgeOptions",
    program_options: "ProgramOptions",
    agent_settings: "AgentSettings",
    team_options: "TeamOptions",
) -> None:
    """Evaluate on TASK: {tasks}.

    The same command resumes an interrupted run and repeats no call.
    """
    if system:
        _reject_options_of_cascades(system)
    if replay:
        from ..eval_replay import evaluate_recording

        reject_judge_for_replay()
        if by is not None:
            raise click.UsageError("--by breaks down answers of models: leave out --replay.")
        if repeat > 1:
            raise click.UsageError("--repeat asks models again: leave out --replay.")
        evaluate_recording(replay, task, data_options, program_options, team_options, as_json)
        return
    from ...eval.run.callbacks import RunCallbacks
    from ...eval.run.live import EvaluationRequest
    from ...eval.run.seeds import run_seeds
    from ..display.progress import show_progress
    from ..display.results import print_evaluation

    chosen = chosen_task(task, data_options, program_options.unsafe_code)
    team = app.make_team(judge_options.add_tier(team_options))
    request = EvaluationRequest(
        judge_options.judged(chosen, team, notify),
        team,
        team_options,
        program_options,
        data_options,
        run_options,
        app.tracker,
        system,
        judge_options.tiers,
        ranks_from,
        by,
        agent_settings,
    )
    made = run_seeds(request, RunCallbacks(app.load_models, show_progress, notify), repeat)
    document = made.document()
    if as_json:
        print_json(document)
    else:
        print_evaluation(made.settings, made.stages, made.made.summary, document)
    made.require_complete()


def _reject_options_of_cascades(system: str) -> None:
    """Raise an error for options that a system has no use for.

    Raises:
        CopeError: for --replay and --calibration.
        click.UsageError: for an option of presets and programs.
    """
    if is_set_by_user("replay") or is_set_by_user("calibration"):
        raise only_cascades_error(system)
    for name in ("preset", "program", "samples", "thresholds"):
        if is_set_by_user(name):
            raise click.UsageError(f"--system brings its own stages: leave out --{name}.")
