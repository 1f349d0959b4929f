"""Evaluate a system on a task: from the options to the document of the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import dspy

from ...models import Team
from ...programs import Cascade, Stage, System, make_system
from ...programs.agent.settings import AgentSettings
from ...programs.calibration_file import Certificate
from ...programs.calibration_match import check_answer_kind
from ...programs.compile_metadata import read_compile_metadata
from ...programs.options import ProgramOptions, TeamOptions
from ...programs.resolve import resolve_calibrated_cascade, system_options
from ...programs.systems.registry import is_system_file, only_cascades_error
from ..recording.recording import Recording
from ..recording.run import read_groups
from ..replay.ranks import rank_among_record
from ..tasks.adaptable import system_for
from ..tasks.base import Task, answer_kind_of, load_questions, read_answers_of
from .callbacks import RunCallbacks
from .example_keys import key_examples
from .options import DataOptions, RunOptions
from .origin import program_origin, warn_about_pregate
from .settings import run_settings
from .store import RunStore
from .tracked import TrackedEvaluation, evaluate_tracked
from .warnings import Notify, warn_about_calibration, warn_about_settings, warn_about_turns

if TYPE_CHECKING:
    from ...tracking import Tracker


@dataclass(frozen=True)
class EvaluationRequest:
    """What is evaluated, and how.

    Attributes:
        task: the task; one whose answers a judge scores is that of `JudgeOptions.judged`.
        team: the tiers.
        team_options: the options of the team.
        program_options: the program, where `system` is None.
        data_options: the questions.
        run_options: how the run is made.
        tracker: logs the run.
        system: the name or the file of a system.
        judge_tiers: further tiers whose models are loaded.
        ranks_from: a recording, among whose questions log-probabilities are ranked.
        by: a field of the rows by which the results are broken down.
        agent_settings: the limits of a game, where the questions are games; None for the defaults.
    """

    task: Task
    team: Team
    team_options: TeamOptions
    program_options: ProgramOptions
    data_options: DataOptions
    run_options: RunOptions
    tracker: "Tracker"
    system: str | None = None
    judge_tiers: tuple[str, ...] = ()
    ranks_from: str | None = None
    by: str | None = None
    agent_settings: AgentSettings | None = None


@dataclass(frozen=True)
class LiveEvaluation:
    """An evaluation with its document.

    Attributes:
        made: the results and their summary.
        settings: the settings of the run, and what is known of the program's file.
        stages: the stages of the system.
        folder: the folder of the run.
        questions: the number of questions.
        groups: the group of a question by its key; None without groups.
        later: the evaluations with other seeds.
    """

    made: TrackedEvaluation
    settings: dict[str, Any]
    stages: tuple[Stage, ...]
    folder: Path
    questions: int
    groups: Mapping[str, str] | None = None
    later: tuple["LiveEvaluation", ...] = ()

    def document(self) -> dict[str, Any]:
        """Return settings, summary and files as plain data."""
        outcome, run = self.made.outcome, self.made.run
        document = self.settings | self.made.summary.as_dict()
        document["folder"] = str(self.folder)
        document["stopped"] = outcome.stop_reason
        document["mlflow"] = {"run": run.id, "store": run.uri} if run else None
        document["failed"] = [{"id": one.id, "error": one.error} for one in outcome.failures]
        return document

    def require_complete(self) -> None:
        """Raise an error if some questions have no answer, see `EvaluationOutcome`."""
        for one in (self, *self.later):
            one.made.outcome.require_complete(self.questions)


class _Resolved(NamedTuple):
    """A system, its program's file and the calibration that set its thresholds, if any."""

    system: System
    path: Path | None
    certificate: Certificate | None


def run_evaluation(request: EvaluationRequest, callbacks: RunCallbacks) -> LiveEvaluation:
    """Ask the questions without a result, and summarize all results.

    Args:
        request: the options of the evaluation.
        callbacks: the functions of the caller.

    Raises:
        CopeError: if a name, a file or the store of runs cannot be used.
    """
    data, run = request.data_options, request.run_options
    task, examples = load_questions(request.task, data.split, data.limit, data.data)
    resolved = _resolve_system(request, task, callbacks.notify)
    if run.track:
        request.tracker.check(run.store)  # before models are downloaded and loaded
    if request.ranks_from:
        _rank_among(resolved.system, request.ranks_from)
    origin = _origin(request, task, examples, resolved, callbacks.notify)
    groups = read_groups(data, examples)
    system, stages = resolved.system, resolved.system.stages
    settings = run_settings(task, data, request.team_options, request.team, system)
    store = RunStore(settings, run.directory)
    with store.open(run.fresh):
        store.update_metadata(answer_kind=origin["answer_kind"], domain=task.domain)
        if store.lacks_any(key_examples(examples)):
            callbacks.load_models(request.team, (*system.tiers, *request.judge_tiers))
        earlier = list(store.results.values())
        with callbacks.on_start(len(examples), earlier, len(stages)) as on_result:
            made = evaluate_tracked(
                task,
                examples,
                request.team,
                system,
                store,
                run,
                origin,
                on_result=on_result,
                groups=groups,
                by=request.by,
                tracker=request.tracker,
            )
    document = store.settings | origin
    return LiveEvaluation(made, document, stages, store.path, len(examples), groups)


def _resolve_system(request: EvaluationRequest, task: Task, notify: Notify) -> _Resolved:
    """Make the system that is named, else the cascade of the program's options."""
    program, team = request.program_options, request.team
    if request.system:
        options = system_options(program, task.domain, answer_kind_of(task))
        file = Path(request.system) if is_system_file(request.system) else None
        return _Resolved(make_system(request.system, team, options), file, None)
    resolved = resolve_calibrated_cascade(
        program,
        request.team_options,
        team,
        task.domain,
        task=task.name,
        shown=task.test_visibility,
        notify=notify,
    )
    cascade = read_answers_of(resolved.cascade, task)
    check_answer_kind(program.calibration, resolved.certificate, cascade.answer_kind)
    system = system_for(cascade, task, request.agent_settings)
    return _Resolved(system, resolved.path, resolved.certificate)


def _rank_among(system: System, record: str) -> None:
    """Rank the answers of a cascade among the questions of a record."""
    if not isinstance(system, Cascade):
        raise only_cascades_error(system.name)
    rank_among_record(system, Recording.open(record))


def _origin(
    request: EvaluationRequest,
    task: Task,
    examples: list[dspy.Example],
    resolved: _Resolved,
    notify: Notify,
) -> dict[str, Any]:
    """Return where the program comes from, and warn where its accuracy would mislead."""
    questions = (example.question for example in examples)
    gold = (example.answer for example in examples)
    warn_about_calibration(resolved.certificate, task.name, questions, gold, notify)
    origin = program_origin(resolved.path, examples, notify, task.name)
    warn_about_pregate(resolved.system, examples, notify)
    warn_about_turns(resolved.system, notify)
    origin["answer_kind"] = answer_kind_of(task)
    calibration = request.program_options.calibration
    origin["calibration"] = str(calibration) if resolved.certificate else None
    asked = request.team_options.request_settings()
    asked["shown"] = task.test_visibility
    warn_about_settings(read_compile_metadata(resolved.path), asked, notify)
    return origin
