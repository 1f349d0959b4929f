"""`cope record`: run every round of a preset on a task and save all samples to one file."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..context import AppContext, pass_app
from ..judge_options import judge_options
from ..option_groups import data_options, lists_tasks, program_options, run_options, team_options
from ..option_types import flag, option
from ..options import group_option, json_option, output_option
from ..output import notify
from ..task_options import chosen_task, task_argument

if TYPE_CHECKING:
    from ...eval.judging.options import JudgeOptions
    from ...eval.run.options import DataOptions, RunOptions
    from ...programs.options import ProgramOptions, TeamOptions


@click.command()
@task_argument
@data_options
@option(
    "--also",
    multiple=True,
    metavar="PRESET",
    help="Record this preset's rounds too, on the same questions; none for no other. Repeatable. "
    "[default: the last tier alone, as large]",
)
@group_option
@flag("--logprobs", help="Request log-probabilities, which slows a local engine.")
@output_option("The record. [default: TASK-PRESET.parquet]")
@run_options(".cope/record", tracked=False)
@json_option
@judge_options
@program_options
@team_options
@pass_app
@lists_tasks
def command(
    app: AppContext,
    task: str | None,
    data_options: "DataOptions",
    also: tuple[str, ...],
    logprobs: bool,
    output: Path | None,
    run_options: "RunOptions",
    as_json: bool,
    judge_options: "JudgeOptions",
    program_options: "ProgramOptions",
    team_options: "TeamOptions",
) -> None:
    """Record TASK: {tasks}.

    Every round runs with all samples, whatever the thresholds. cope eval --replay FILE then
    evaluates other thresholds, fewer samples and presets with the same rounds. After an
    interruption the same command resumes.
    """
    from ...eval.recording.live import RecordRequest, record_task
    from ...eval.run.callbacks import RunCallbacks
    from ..display.progress import show_progress
    from ..display.results import show_recording

    # Rows without an answer are recorded too, and not scored.
    chosen = chosen_task(task, data_options, program_options.unsafe_code, require_answers=False)
    # A reply from the cache has no tokens of its own.
    team_options = replace(team_options, cache=False)
    team = app.make_team(judge_options.add_tier(team_options))
    request = RecordRequest(
        judge_options.judged(chosen, team, notify),
        team,
        team_options,
        program_options,
        data_options,
        run_options,
        also,
        logprobs,
        output,
    )
    made = record_task(request, RunCallbacks(app.load_models, show_progress, notify))
    if made.file:
        show_recording(made.file, as_json, stopped=made.outcome.stop_reason)
    made.require_complete()
