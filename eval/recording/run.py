"""A recording run: its programs, its settings, the groups of its questions, and the record that it writes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from ..run.evaluate import EvaluationOutcome, evaluate
from ..run.options import DataOptions, RunOptions
from ..run.store import QuestionResult, RunStore, key_examples
from ..tasks.base import Task, read_answers_of
from ..tasks.data import filter_split, load_from_file
from .recorder import Recorder
from .schema import write_recording


@dataclass(frozen=True)
class RecordingOptions:
    """Say what a record holds and where it is written.

    Attributes:
        output: the record's file.
        logprobs: whether log-probabilities are requested.
        compiled: by program, the questions that it was compiled on.
    """

    output: Path
    logprobs: bool = False
    compiled: Mapping[str, Any] | None = None


def resolve_recorded_programs(
    options: ProgramOptions,
    team_options: TeamOptions,
    team: Team,
    task: Task,
    also: Sequence[str],
    notify: Callable[[str], None],
) -> dict[str, tuple[Cascade, Path | None]]:
    """Build the program to record, and the presets that are recorded with it.

    Args:
        options: those of the program.
        team_options: those of the team.
        team: the tiers.
        task: whose questions they answer.
        also: names of the other presets; `none` is skipped. Without any it is the last tier alone.
        notify: receives a line for each bundled program.

    Returns:
        By name each program with its file, the record's own first.

    Raises:
        CopeError: when two have one name; else see `resolve_cascade`.
    """
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

    own = build(options)
    programs[own[0].preset.name] = own
    for name in also or (own[0].preset.last_tier,):
        if name == "none" or name in programs:
            continue
        # The other presets may come from the package, whatever the first is.
        other = build(replace(options, preset=name, program=None, bundled=True, thresholds=()))
        if other[0].preset.name in programs:
            raise CopeError(
                f"two programs of a record have the name {other[0].preset.name!r}: give --also {name} another"
            )
        programs[other[0].preset.name] = other
    return programs


def read_groups(data: DataOptions, examples: Sequence[dspy.Example]) -> dict[str, str]:
    """Return, by a question's key, the value of its row in the column `data.group`.

    Raises:
        CopeError: without a local file, or when a row has no such column.
    """
    column = data.group
    if column is None:
        return {}
    if not data.data:
        raise CopeError("--group names a column of your own file: give it with --data FILE")
    rows = filter_split(load_from_file(data.data, ()), data.split, data.data)
    for number, row in enumerate(rows, 1):
        if row.get(column) is None:
            raise CopeError(f"{data.data} row {number} has no {column!r}, which --group names")
    groups = {}
    for key, row in zip(key_examples(list(examples)), rows, strict=False):
        groups[key] = str(row[column])
    return groups


def recording_settings(
    task: Task, data: DataOptions, team_options: TeamOptions, recorder: Recorder, logprobs: bool
) -> dict[str, Any]:
    """Return all that decides what a call gives; the same settings find the same folder.

    Thresholds, number of samples and the other presets only say which calls are made.
    """
    state = recorder.primary.dump_state()
    rounds = []
    for round_ in state["preset"]["rounds"]:
        kept = {k: v for k, v in round_.items() if k not in ("threshold", "samples", "plans")}
        rounds.append(kept)
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
    """Return which questions are asked, and how requests are written."""
    settings: dict[str, Any] = {}
    if task.test_visibility:
        settings["shown"] = task.test_visibility
    settings["split"] = data.split
    settings["data"] = data.data_name
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
    """Ask the questions that are left, every round with all samples."""
    work = evaluate(
        task,
        examples,
        recorder.primary,
        store,
        in_flight=run.questions,
        budget=run.budget,
        on_result=on_result,
        runner=recorder.runner,
    )
    return asyncio.run(work)


def save_recording(
    task: Task,
    recorder: Recorder,
    outcome: EvaluationOutcome,
    groups: Mapping[str, str],
    data: DataOptions,
    team_options: TeamOptions,
    options: RecordingOptions,
) -> bool:
    """Write the record of the questions that were answered.

    Returns:
        Whether there is one; without an answered question nothing is written.
    """
    if all(record.error for record in outcome.results):
        return False
    settings = call_settings(task, data, team_options, options.logprobs)
    if options.compiled:
        settings["compiled"] = options.compiled
    manifest = recorder.manifest(task, outcome.results, settings=settings, group=data.group)
    write_recording(options.output, manifest, recorder.rows(outcome.results, groups))
    return True
