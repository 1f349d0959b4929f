"""`cope compare`: several presets and programs on the same questions, live or from a record."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ..compare_options import budget_option, calibration_option, comparison_options
from ..context import AppContext, pass_app
from ..eval_replay import reject_fixed_options
from ..judge_options import judge_options, reject_judge_for_replay
from ..option_groups import (
    agent_options,
    data_options,
    is_set_by_user,
    lists_tasks,
    run_options,
    some_program_options,
    team_options,
)
from ..options import (
    early_stop_option,
    group_option,
    json_option,
    replay_option,
    samples_option,
    seed_option,
    unsafe_code_option,
)
from ..output import notify, print_json
from ..task_options import chosen_task, task_argument

if TYPE_CHECKING:
    from ...eval.comparison import Comparison
    from ...eval.comparison.options import ComparisonOptions
    from ...eval.judging.options import JudgeOptions
    from ...eval.run.options import DataOptions, RunOptions
    from ...programs.agent.settings import AgentSettings
    from ...programs.options import ProgramOptions, TeamOptions


@click.command()
@task_argument
@comparison_options
@some_program_options
@data_options
@group_option
@samples_option
@seed_option
@early_stop_option
@unsafe_code_option
@run_options(".cope/compare", budget=budget_option)
@replay_option
@calibration_option
@json_option
@judge_options
@agent_options
@team_options
@pass_app
@lists_tasks
def command(
    app: AppContext,
    task: str | None,
    comparison_options: "ComparisonOptions",
    program_options: "ProgramOptions",
    data_options: "DataOptions",
    run_options: "RunOptions",
    team_options: "TeamOptions",
    replay: str | None,
    as_json: bool,
    judge_options: "JudgeOptions",
    agent_settings: "AgentSettings",
) -> None:
    """Compare presets and programs on TASK: {tasks}.

    All answer the same questions, and a call that two of them share is made once. Each is compared
    with the reference: accuracy and cost with paired 95% intervals, McNemar's exact test with
    Holm's correction, random escalation and an oracle at the same cost, and how many questions
    would make an open difference significant. After an interruption the same command resumes.
    """
    if replay:
        reject_fixed_options()
        reject_judge_for_replay()
        if comparison_options.repeat > 1:
            raise click.UsageError("--repeat asks models again: leave out --replay.")
        if is_set_by_user("group") or is_set_by_user("early_stop"):
            raise click.UsageError(
                "--replay takes groups and all samples from the record: leave out --group and "
                "--early-stop."
            )
        _compare_recording(
            replay, task, comparison_options, program_options, data_options, team_options, as_json
        )
        return
    if program_options.calibration:
        raise click.UsageError(
            "--calibration is for --replay: record the questions with cope record, and compare "
            "from the record."
        )
    from ...eval.comparison.repeats import run_repeated_comparison
    from ...eval.comparison.request import ComparisonCallbacks, ComparisonRequest
    from ...report.plots.comparison import draw_comparison
    from ..display.progress import show_system_progress

    chosen = chosen_task(task, data_options, program_options.unsafe_code)
    team_options = replace(team_options, cache=False)  # a cached reply has no tokens of its own
    team = app.make_team(judge_options.add_tier(team_options))
    request = ComparisonRequest(
        judge_options.judged(chosen, team, notify),
        team,
        team_options,
        program_options,
        data_options,
        run_options,
        comparison_options,
        app.tracker,
        agent_settings,
    )
    callbacks = ComparisonCallbacks(
        load_models=app.load_models,
        on_system=show_system_progress,
        draw=draw_comparison,
        notify=notify,
    )
    result = run_repeated_comparison(request, callbacks)
    _print(result.comparison, result.document, as_json)
    if result.incomplete:
        raise CopeError(result.incomplete)


def _compare_recording(
    replay: str,
    task: str | None,
    options: "ComparisonOptions",
    program_options: "ProgramOptions",
    data_options: "DataOptions",
    team_options: "TeamOptions",
    as_json: bool,
) -> None:
    from ...eval import open_recording
    from ...eval.comparison.from_recording import compare_recording
    from ...eval.comparison.replay_request import ReplayRequest
    from ...eval.replay.systems import check_replayable
    from ...optimize.calibration.matched_accuracy import matched_costs

    for system in options.systems:
        check_replayable(system)
    recording = open_recording(replay, data_options.match, task)
    request = ReplayRequest(
        recording,
        options,
        bundled=program_options.bundled,
        samples=program_options.samples,
        prices=team_options.prices,
        limit=data_options.limit,
        calibration=program_options.calibration,
    )
    comparison, document = compare_recording(request, notify)
    document["matched"] = matched_costs(
        recording, comparison.measure, comparison.margin, team_options.prices, request.limit
    )
    if options.plot:
        from ...report.plots.comparison import draw_comparison

        document["pictures"] = [str(file) for file in draw_comparison(comparison, options.plot)]
    _print(comparison, document, as_json)


def _print(comparison: "Comparison", document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    from ..display.results import print_comparison

    print_comparison(comparison, document)
