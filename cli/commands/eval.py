"""`cope eval`: a preset or program on a task, live, resumable, tracked."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ...programs.systems.registry import only_cascades_error
from ..context import AppContext, pass_app
from ..judge_options import judge_options, reject_judge_for_replay
from ..option_groups import (
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
    json_option,
    replay_option,
    system_option,
)
from ..output import notify, print_json
from ..task_options import chosen_task, task_argument
from ..warnings import warn_about_questions, warn_about_settings

if TYPE_CHECKING:
    from ...eval.judging.options import JudgeOptions
    from ...eval.run.options import DataOptions, RunOptions
    from ...eval.run.store import RunStore
    from ...eval.run.tracked import TrackedEvaluation
    from ...eval.tasks.base import Task
    from ...models import Team
    from ...programs import Stage, System
    from ...programs.calibration_file import Certificate
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
@judge_options
@program_options
@early_stop_option
@calibration_option
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
    judge_options: "JudgeOptions",
    program_options: "ProgramOptions",
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
        limit, match = data_options.limit, data_options.match
        evaluate_recording(replay, task, limit, match, program_options, team_options, as_json)
        return
    from ...eval import RunStore, answer_kind_of, load_questions
    from ...eval.recording.run import read_groups
    from ...eval.run.tracked import evaluate_tracked, program_origin, run_settings
    from ...programs.compile_metadata import read_compile_metadata
    from ..display.progress import EvaluationDisplay

    chosen = chosen_task(task, data_options, program_options.unsafe_code)
    team = app.make_team(judge_options.add_tier(team_options))
    chosen = judge_options.judged(chosen, team, notify)
    chosen, examples = load_questions(
        chosen, data_options.split, data_options.limit, data_options.data
    )
    resolved = _resolve_system(system, chosen, team, team_options, program_options)
    if run_options.track:
        app.tracker.check(run_options.store)  # before models are downloaded and loaded
    if ranks_from:
        _rank_among(resolved.system, ranks_from)
    warn_about_questions(
        resolved.certificate, chosen.name, ((e.question, e.answer) for e in examples)
    )
    origin = program_origin(resolved.path, examples, notify, chosen.name)
    origin["answer_kind"] = answer_kind_of(chosen)
    origin["calibration"] = str(program_options.calibration) if resolved.certificate else None
    asked = team_options.request_settings()
    asked["shown"] = chosen.test_visibility
    warn_about_settings(read_compile_metadata(resolved.path), asked)
    groups = read_groups(data_options, examples)
    settings = run_settings(chosen, data_options, team_options, team, resolved.system)
    store = RunStore(settings, run_options.directory)
    stages = resolved.system.stages
    with store.open(run_options.fresh):
        store.update_metadata(answer_kind=origin["answer_kind"], domain=chosen.domain)
        app.load_models(team, (*resolved.system.tiers, *judge_options.tiers))
        with EvaluationDisplay(len(examples), list(store.results.values()), len(stages)) as view:
            made = evaluate_tracked(
                chosen,
                examples,
                team,
                resolved.system,
                store,
                run_options,
                origin,
                on_result=view.add,
                groups=groups,
                by=by,
                tracker=app.tracker,
            )
        _show(made, store, stages, origin, as_json)
    made.outcome.require_complete(len(examples))


class _Resolved(NamedTuple):
    """A system, its program's file and the calibration that set its thresholds, if any."""

    system: "System"
    path: "Path | None"
    certificate: "Certificate | None"


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


def _resolve_system(
    system: str | None,
    task: "Task",
    team: "Team",
    team_options: "TeamOptions",
    program_options: "ProgramOptions",
) -> _Resolved:
    """Make the system that --system names, else the cascade that the other options name."""
    from ...eval import answer_kind_of, read_answers_of
    from ...programs import make_system
    from ...programs.calibration_match import check_answer_kind
    from ...programs.resolve import resolve_calibrated_cascade, system_options
    from ...programs.systems.registry import is_system_file

    if system:
        options = system_options(program_options, task.domain, answer_kind_of(task))
        file = Path(system) if is_system_file(system) else None
        return _Resolved(make_system(system, team, options), file, None)
    resolved = resolve_calibrated_cascade(
        program_options,
        team_options,
        team,
        task.domain,
        task=task.name,
        shown=task.test_visibility,
        notify=notify,
    )
    cascade = read_answers_of(resolved.cascade, task)
    check_answer_kind(program_options.calibration, resolved.certificate, cascade.answer_kind)
    return _Resolved(cascade, resolved.path, resolved.certificate)


def _rank_among(system: "System", record: str) -> None:
    """Rank the answers of a cascade among the questions of a record."""
    from ...eval import Recording
    from ...eval.replay.ranks import rank_among_record
    from ...programs import Cascade

    if not isinstance(system, Cascade):
        raise only_cascades_error(system.name)
    rank_among_record(system, Recording.open(record))


def _show(
    made: "TrackedEvaluation",
    store: "RunStore",
    stages: "tuple[Stage, ...]",
    origin: dict[str, Any],
    as_json: bool,
) -> None:
    from ..display.results import print_evaluation

    document = store.settings | origin | made.summary.as_dict()
    document["folder"] = str(store.path)
    document["stopped"] = made.outcome.stop_reason
    document["mlflow"] = {"run": made.run.id, "store": made.run.uri} if made.run else None
    document["failed"] = [{"id": one.id, "error": one.error} for one in made.outcome.failures]
    if as_json:
        print_json(document)
    else:
        print_evaluation(store.settings | origin, stages, made.summary, document)
