"""Record a task: from the options to the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dspy

from ...models import Team
from ...programs.compile_metadata import read_compile_metadata
from ...programs.confidence.early_stopping import NONE
from ...programs.options import ProgramOptions, TeamOptions
from ...util.output_files import check_output
from ..run.by_field import fields_by_key
from ..run.callbacks import RunCallbacks
from ..run.evaluate import EvaluationOutcome
from ..run.example_keys import key_examples
from ..run.options import DataOptions, RunOptions
from ..run.store import RunStore
from ..run.warnings import Notify, warn_about_contamination, warn_about_settings
from ..tasks.base import Task, load_questions
from .parquet_file import is_recording
from .recorder import Recorder
from .run import (
    RecordingOptions,
    read_groups,
    record_run,
    recording_settings,
    resolve_recorded_programs,
    save_recording,
)


@dataclass(frozen=True)
class RecordRequest:
    """What is recorded, and how.

    Attributes:
        task: the task; one whose answers a judge scores is that of `JudgeOptions.judged`.
        team: the tiers, without a cache, because a reply from the cache has no tokens of its own.
        team_options: the options of the team.
        program_options: the program.
        data_options: the questions.
        run_options: how the run is made.
        also: the other presets, see `resolve_recorded_programs`.
        logprobs: whether log-probabilities are requested.
        output: the file of the recording; None names it after the task and the preset.
    """

    task: Task
    team: Team
    team_options: TeamOptions
    program_options: ProgramOptions
    data_options: DataOptions
    run_options: RunOptions
    also: Sequence[str] = ()
    logprobs: bool = False
    output: Path | None = None


@dataclass(frozen=True)
class LiveRecording:
    """A recording that was made.

    Attributes:
        file: the recording; None when no question was answered.
        outcome: the results, and why some questions were not asked.
        questions: the number of questions.
    """

    file: Path | None
    outcome: EvaluationOutcome
    questions: int

    def require_complete(self) -> None:
        """Raise an error if some questions have no answer, see `EvaluationOutcome`."""
        self.outcome.require_complete(self.questions)


def record_task(request: RecordRequest, callbacks: RunCallbacks) -> LiveRecording:
    """Ask the questions without a result, every round with all samples, and write the file.

    Args:
        request: the options of the recording.
        callbacks: the functions of the caller.

    Raises:
        CopeError: if a name or a file cannot be used.
    """
    team, data, run = request.team, request.data_options, request.run_options
    if request.logprobs:
        for tier in team.tiers.values():
            tier.lm.kwargs["logprobs"] = True
    task, examples = load_questions(request.task, data.split, data.limit, data.data)
    programs = resolve_recorded_programs(
        replace(request.program_options, early_stop=NONE),
        request.team_options,
        team,
        task,
        request.also,
        callbacks.notify,
    )
    recorder = Recorder({name: cascade for name, (cascade, _) in programs.items()})
    output = request.output or Path(f"{task.name}-{recorder.primary.preset.name}.parquet")
    inputs = [Path(data.data) if data.data else None, request.program_options.program]
    # Now, rather than after hours of asking.
    check_output(output, inputs, "record", is_recording)
    groups = read_groups(data, examples)
    asked = request.team_options.request_settings()
    asked["shown"] = task.test_visibility
    files = {name: file for name, (_, file) in programs.items()}
    compiled = _compiled(files, examples, asked, callbacks.notify)
    options = RecordingOptions(output, request.logprobs, compiled, fields_by_key(examples))
    settings = recording_settings(task, data, request.team_options, recorder, request.logprobs)
    store = RunStore(settings, run.directory)
    stages = len(recorder.primary.preset.rounds)
    with store.open(run.fresh, accept=recorder.covers):
        tiers = [tier for c in recorder.cascades.values() for tier in c.preset.tiers]
        if store.lacks_any(key_examples(examples)):
            callbacks.load_models(team, dict.fromkeys(tiers))
        earlier = list(store.results.values())
        with callbacks.on_start(len(examples), earlier, stages) as on_result:
            outcome = record_run(task, examples, recorder, store, run, on_result)
        is_saved = save_recording(
            task, recorder, outcome, groups, data, request.team_options, options
        )
    return LiveRecording(output if is_saved else None, outcome, len(examples))


def _compiled(
    files: Mapping[str, Path | None],
    examples: Sequence[dspy.Example],
    asked: Mapping[str, Any],
    notify: Notify,
) -> dict[str, dict[str, Any]]:
    """Return, by program, its file and which questions it was compiled on, for replays.

    What an accuracy of it would not say is a warning.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, file in files.items():
        about = read_compile_metadata(file)
        questions = [example.question for example in examples]
        warn_about_contamination(about, questions, notify, name if len(files) > 1 else None)
        warn_about_settings(about, asked, notify)
        if file:
            found[name] = {"program_file": str(file)}
        if "rows" in about:
            found[name]["rows"] = about["rows"]
    return found
