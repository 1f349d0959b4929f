"""Make a recording: its programs, its settings, the groups of its questions, and its file."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dspy

from ...errors import CopeError
from ...models import Team
from ...programs import Cascade
from ...programs.resolve import (
    ProgramOptions,
    TeamOptions,
    resolve_cascade,
    resolve_program_path,
)
from ...util.hashing import digest
from ..run.by_field import FIELDS, values_by_key
from ..run.evaluate import EvaluationOutcome, evaluate
from ..run.example_keys import key_examples
from ..run.options import DataOptions, RunOptions
from ..run.settings import question_settings
from ..run.store import QuestionResult, RunStore
from ..tasks.adaptable import check_single_step
from ..tasks.base import Task, read_answers_of
from ..tasks.data import read_column
from .parquet_file import write_recording
from .recorder import Recorder


@dataclass(frozen=True)
class RecordingOptions:
    """What a recording contains, and where it is written.

    Attributes:
        output: the file of the recording.
        logprobs: whether log-probabilities are requested.
        compiled: the metadata of the compile of each compiled program.
        fields: the short fields of a question's row by its key, see `fields_by_key`.
    """

    output: Path
    logprobs: bool = False
    compiled: Mapping[str, Any] | None = None
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def resolve_recorded_programs(
    options: ProgramOptions,
    team_options: TeamOptions,
    team: Team,
    task: Task,
    also: Sequence[str],
    notify: Callable[[str], None],
) -> dict[str, tuple[Cascade, Path | None]]:
    """Build the program to record, and the other presets that are recorded with it.

    Args:
        options: the options of the program.
        team_options: the options of the team.
        team: the tiers.
        task: the task.
        also: the names of the other presets; `none` is skipped. If it is empty, the last tier alone
            is recorded too.
        notify: receives a line for each bundled program.

    Returns:
        The programs with their files by name, the recording's own program first.

    Raises:
        CopeError: if two programs have the same name; see also `resolve_cascade`.
    """
    check_single_step(task)
    programs: dict[str, tuple[Cascade, Path | None]] = {}

    def build(chosen: ProgramOptions) -> tuple[Cascade, Path | None]:
        path = resolve_program_path(
            chosen,
            team,
            task.domain,
            task.name,
            context=team_options.context,
            notify=notify,
        )
        cascade = resolve_cascade(chosen, team, task.domain, path)
        return read_answers_of(cascade, task), path

    primary, file = build(options)
    programs[primary.preset.name] = primary, file
    for name in also or (primary.preset.last_tier,):
        if name == "none" or name in programs:
            continue
        # The other presets may be bundled programs, also if the primary one may not.
        chosen = replace(options, preset=name, program=None, bundled=True, thresholds=())
        cascade, file = build(chosen)
        if cascade.preset.name in programs:
            raise CopeError(
                f"two programs of a record have the name {cascade.preset.name!r}: give --also "
                f"{name} another"
            )
        programs[cascade.preset.name] = cascade, file
    return programs


def read_groups(data: DataOptions, examples: Sequence[dspy.Example]) -> dict[str, str]:
    """Return the group of each question by its key: the value of the column `data.group`.

    Questions that a task generates may have such a field, as the steps of a game have.

    Args:
        data: the options of the questions.
        examples: the questions, in the order of the file.

    Returns:
        Empty if no column is named.

    Raises:
        CopeError: if there is no local file, or a row has no such column.
    """
    column = data.group
    if column is None:
        return {}
    if not data.data:
        if any(column in (example.get(FIELDS) or {}) for example in examples):
            return values_by_key(examples, column, "--group")
        raise CopeError("--group names a column of your own file: give it with --data FILE")
    labels = read_column(data.data, data.split, column)
    return dict(zip(key_examples(list(examples)), labels, strict=False))


def recording_settings(
    task: Task, data: DataOptions, team_options: TeamOptions, recorder: Recorder, logprobs: bool
) -> dict[str, Any]:
    """Return all settings that decide the result of a call, and so the folder of the run.

    Thresholds, sample counts and the other presets are not among them, because they only decide
    which calls are made.

    Args:
        task: the task.
        data: the options of the questions.
        team_options: the options of the team.
        recorder: the programs.
        logprobs: whether log-probabilities are requested.
    """
    state = recorder.primary.dump_state()
    rounds = []
    for round_ in state["preset"]["rounds"]:
        settings_of_calls = dict(round_)
        for name in ("threshold", "samples", "plans"):
            settings_of_calls.pop(name, None)
        rounds.append(settings_of_calls)
    program = dict(state)
    program["preset"] = rounds
    team = recorder.primary.team
    settings: dict[str, Any] = {"task": task.name}
    settings |= call_settings(task, data, team_options, logprobs)
    settings["preset"] = recorder.primary.preset.name
    settings["program"] = digest(program)
    settings["models"] = {tier: team[tier].model for tier in recorder.primary.preset.tiers}
    settings["seed"] = recorder.primary.seed
    return settings


def call_settings(
    task: Task, data: DataOptions, team_options: TeamOptions, logprobs: bool
) -> dict[str, Any]:
    """Return the settings that decide which questions are asked and how requests are written."""
    settings = question_settings(task, data)
    del settings["task"]
    settings |= team_options.request_settings()
    settings["logprobs"] = logprobs
    return settings


def record_run(
    task: Task,
    examples: list[dspy.Example],
    recorder: Recorder,
    store: RunStore,
    run: RunOptions,
    on_result: Callable[[QuestionResult], None],
) -> EvaluationOutcome:
    """Ask the questions without a result, every round with all samples.

    Args:
        task: scores the answers.
        examples: the questions.
        recorder: the programs.
        store: the open folder of the run.
        run: how the run is made.
        on_result: receives every new result.
    """
    evaluation = evaluate(
        task,
        examples,
        recorder.primary,
        store,
        in_flight=run.questions,
        budget=run.budget,
        on_result=on_result,
        runner=recorder.runner,
        prices=recorder.primary.team.prices,
    )
    return asyncio.run(evaluation)


def save_recording(
    task: Task,
    recorder: Recorder,
    outcome: EvaluationOutcome,
    groups: Mapping[str, str],
    data: DataOptions,
    team_options: TeamOptions,
    options: RecordingOptions,
) -> bool:
    """Write the recording of the questions that were answered.

    Args:
        task: the task.
        recorder: the programs.
        outcome: the results of the run.
        groups: the group of a question by its key.
        data: the options of the questions.
        team_options: the options of the team.
        options: what the recording contains, and its file.

    Returns:
        Whether it was written; without an answered question it is not.
    """
    if all(result.error for result in outcome.results):
        return False
    settings = call_settings(task, data, team_options, options.logprobs)
    if options.compiled:
        settings["compiled"] = options.compiled
    manifest = recorder.manifest(task, outcome.results, settings=settings, group=data.group)
    rows = recorder.rows(outcome.results, groups, outcome.prices, options.fields)
    write_recording(options.output, manifest, rows)
    return True
