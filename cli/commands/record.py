"""`cope record`: run every round of a preset on a task and save all samples to one file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...programs.confidence.early_stopping import NONE
from ..context import AppContext, pass_app
from ..judge_options import judge_options
from ..option_groups import data_options, lists_tasks, program_options, run_options, team_options
from ..option_types import flag, option
from ..options import group_option, json_option, output_option
from ..output import notify
from ..output_files import check_output
from ..task_options import chosen_task, task_argument
from ..warnings import warn_about_contamination, warn_about_settings

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
    from ...eval import Recorder, RunStore, is_recording, load_questions
    from ...eval.recording.run import (
        RecordingOptions,
        read_groups,
        record_run,
        recording_settings,
        resolve_recorded_programs,
        save_recording,
    )
    from ..display.progress import EvaluationDisplay
    from ..display.results import show_recording

    # Rows without an answer are recorded too, and not scored.
    chosen = chosen_task(task, data_options, program_options.unsafe_code, require_answers=False)
    # A reply from the cache has no tokens of its own.
    team_options = replace(team_options, cache=False)
    program_options = replace(program_options, early_stop=NONE)
    team = app.make_team(judge_options.add_tier(team_options))
    chosen = judge_options.judged(chosen, team, notify)
    if logprobs:
        for tier in team.tiers.values():
            tier.lm.kwargs["logprobs"] = True
    chosen, examples = load_questions(
        chosen, data_options.split, data_options.limit, data_options.data
    )
    programs = resolve_recorded_programs(program_options, team_options, team, chosen, also, notify)
    recorder = Recorder({name: cascade for name, (cascade, _) in programs.items()})
    output = output or Path(f"{chosen.name}-{recorder.primary.preset.name}.parquet")
    data = Path(data_options.data) if data_options.data else None
    # Now, rather than after hours of asking.
    check_output(output, [data, program_options.program], "record", is_recording)
    groups = read_groups(data_options, examples)
    asked = team_options.request_settings()
    asked["shown"] = chosen.test_visibility
    files = {name: file for name, (_, file) in programs.items()}
    options = RecordingOptions(output, logprobs, _compiled(files, examples, asked))
    settings = recording_settings(chosen, data_options, team_options, recorder, logprobs)
    store = RunStore(settings, run_options.directory)
    rounds = len(recorder.primary.preset.rounds)
    with store.open(run_options.fresh, accept=recorder.covers):
        tiers = [tier for c in recorder.cascades.values() for tier in c.preset.tiers]
        app.load_models(team, dict.fromkeys(tiers))
        with EvaluationDisplay(len(examples), list(store.results.values()), rounds) as view:
            outcome = record_run(chosen, examples, recorder, store, run_options, view.add)
        if save_recording(chosen, recorder, outcome, groups, data_options, team_options, options):
            show_recording(output, as_json, stopped=outcome.stop_reason)
    outcome.require_complete(len(examples))


def _compiled(
    files: Mapping[str, Path | None], examples: list[Any], asked: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return, by program, its file and which questions it was compiled on, for replays.

    What an accuracy of it would not say is printed on stderr.
    """
    from ...programs.compile_metadata import read_compile_metadata

    found = {}
    for name, file in files.items():
        about = read_compile_metadata(file)
        questions = [example.question for example in examples]
        warn_about_contamination(about, questions, name if len(files) > 1 else None)
        warn_about_settings(about, asked)
        if file:
            found[name] = {"program_file": str(file)}
        if "rows" in about:
            found[name]["rows"] = about["rows"]
    return found
