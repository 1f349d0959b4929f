"""One compile from its options to its files, as `cope compile` runs it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from ...errors import CopeError
from ...eval import Task, answer_kind_of, read_answers_of, with_inferred_kind
from ...eval.tasks.adaptable import HasPlayer
from ...models import Team
from ...programs import Cascade, System
from ...programs.agent.settings import AgentSettings
from ...programs.give_up import check_counts
from ...programs.options import ProgramOptions
from ...programs.resolve import resolve_cascade
from ...tracking import Tracker
from ..optimizers.custom import as_optimizer
from ..optimizers.registry import optimizer_by_name, reads_rows
from .compilation import Compilation
from .document import result_document
from .estimate import CostEstimate
from .options import OutputOptions, SplitOptions
from .output import add_origin, check_output_path, pick_from_frontier, plot_frontier, save
from .result import CompileResult
from .session import CompileCallback
from .settings import CompileSettings, parse_names
from .splits import load_splits
from .store import check_compile_dir, report_saved_state
from .student import Player
from .tracking import compile_provenance, tracked_compile


@dataclass(frozen=True)
class CompileRequest:
    """All inputs of a compile.

    Attributes:
        task: the task.
        team: the tiers, without DSPy's cache: the compile's folder caches replies, and a second
            cache would make its figures wrong.
        prompt_settings: adapter, maximum tokens of a reply and of a request.
        program_options: the program before the compile.
        settings: the settings of the compile.
        split_options: the source of the questions.
        output_options: the output files.
        tracker: opens the MLflow run.
        agent_settings: the limits of a game, for a task of games.
    """

    task: Task
    team: Team
    prompt_settings: Mapping[str, Any]
    program_options: ProgramOptions
    settings: CompileSettings
    split_options: SplitOptions
    output_options: OutputOptions
    tracker: Tracker
    agent_settings: AgentSettings = field(default_factory=AgentSettings)


class ProgressCallback(CompileCallback):
    """Show the progress between enter and exit. This base class shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Stop showing."""

    def set_estimate(self, estimate: CostEstimate) -> None:
        """Receive the estimate before the compile starts."""


@dataclass(frozen=True)
class CompileHooks:
    """The caller's part in a compile: to load models, print and ask.

    Attributes:
        load_models: loads the models of some tiers, and other language models.
        on_plan: receives the compile, the document of its settings, and its estimate.
        confirm: raises an error when the user does not want to start.
        notify: receives a line for the user.
    """

    load_models: Callable[[Team, Sequence[str], Sequence[Any]], None]
    on_plan: Callable[[Compilation, dict[str, Any], CostEstimate], None]
    confirm: Callable[[], None]
    notify: Callable[[str], None]


@dataclass(frozen=True)
class CompileRun:
    """The outcome of `run_compile`.

    Attributes:
        document: the result as plain data; settings and estimate after a dry run.
        before: the program before the compile.
        result: the result; None after a dry run.
        output: the program file.
        frontier: the files of the frontier's programs.
    """

    document: dict[str, Any]
    before: Cascade
    result: CompileResult | None
    output: Path
    frontier: Sequence[Path] = ()


def run_compile(
    request: CompileRequest, progress: ProgressCallback, hooks: CompileHooks
) -> CompileRun:
    """Estimate a compile, run it, and save its program.

    Args:
        request: all inputs.
        progress: shows the progress of the pilot, then of the compile.
        hooks: the caller's part.

    Raises:
        CopeError: for options that exclude each other, an earlier compile in the folder, an output
            file of another compile, or a compile that cannot work.
        dspy.LMError: when a model cannot be reached.
    """
    task, options = request.task, request.output_options
    splits = load_splits(task, request.split_options, request.settings.seed)
    if isinstance(task, HasPlayer) and _reads_rows(request.settings):
        splits = splits.with_train(task.steps_of(splits.train))
    task = with_inferred_kind(task, [*splits.train, *splits.val])
    cascade = resolve_cascade(request.program_options, request.team, task.domain)
    check_counts(cascade.preset, None)
    cascade = read_answers_of(cascade, task)
    context: dict[str, Any] = {"test_visibility": task.test_visibility}
    context["prompt_settings"] = request.prompt_settings
    player: Player | None = None
    if isinstance(task, HasPlayer):
        player = partial(_play_games, task, request.agent_settings)
        context["agent"] = request.agent_settings.as_dict()
    if request.split_options.task_file is not None:
        context["task_file"] = request.split_options.task_file.digest
    settings = replace(
        request.settings, callbacks=[progress], fresh=options.fresh and not options.dry_run
    )
    document = settings.document(task.name, cascade, splits, **context)
    columns = request.split_options.columns
    if columns is not None:  # the fingerprint contains the questions
        document["columns"] = columns.as_dict()
    if request.split_options.group is not None:
        document["group"] = request.split_options.group
    fingerprint = settings.fingerprint(task.name, cascade, splits, **context)
    compile_id = f"{task.name}-{cascade.preset.name}-{settings.optimizer}-{fingerprint}"
    output = options.output or Path(f"{task.name}-{cascade.preset.name}.json")
    folder = options.directory / compile_id
    check_compile_dir(
        folder,
        resume=options.resume,
        fresh=options.fresh,
        dry_run=options.dry_run,
        notify=hooks.notify,
    )
    pareto = settings.objective == "pareto"
    overwrite = options.force or options.dry_run
    check_output_path(output, compile_id, overwrite=overwrite, frontier=pareto)
    settings = replace(settings, folder=folder)
    compilation = Compilation(cascade, splits, task.score, settings, player)
    try:
        if options.track and not options.dry_run:
            request.tracker.check(options.store)
        compilation.check()
        proposers = [compilation.proposer] if compilation.uses_proposer else []
        hooks.load_models(request.team, cascade.preset.tiers, proposers)
        with progress:
            estimate = compilation.estimate()
        hooks.on_plan(compilation, document, estimate)
        if options.dry_run:
            document |= {"duplicates": splits.duplicates, "estimate": estimate.as_dict()}
            return CompileRun(document, cascade, None, output)
        hooks.confirm()
        progress.set_estimate(estimate)
        with report_saved_state(folder, hooks.notify), progress:
            result = _compile(compilation, document, request, output, hooks.notify)
    finally:
        compilation.close()
    frontier = save(result, output, frontier=pareto)
    _check_pick(options.pick, len(result.frontier))
    document["answer_kind"] = answer_kind_of(task)
    document = result_document(result, document, estimate, output, frontier)
    document["duplicates"] = splits.duplicates
    return CompileRun(document, cascade, result, output, frontier)


def _reads_rows(settings: CompileSettings) -> bool:
    chain = [optimizer_by_name(name) for name in parse_names("chain", settings.chain)]
    return reads_rows(as_optimizer(settings.optimizer, settings.proposer_price), chain)


def _play_games(task: HasPlayer, settings: AgentSettings, program: Cascade) -> System:
    """Return what plays the games of a task with a program."""
    return task.player(program, settings)


def _compile(
    compilation: Compilation,
    settings: dict[str, Any],
    request: CompileRequest,
    output: Path,
    notify: Callable[[str], None],
) -> CompileResult:
    """Run a compile, in an MLflow run unless the user wants none."""
    options = request.output_options
    with ExitStack() as stack:
        log = None
        if options.track:
            tracked = tracked_compile(
                compilation,
                settings,
                options.store,
                notify,
                request.tracker,
                request.program_options.program,
                request.split_options.data or request.split_options.train_split,
            )
            log = stack.enter_context(tracked)
        before = compilation.program.dump_state()
        result = pick_from_frontier(compilation.run(), options.pick, before)
        result = compile_provenance(result, settings)
        add_origin(result, compilation.folder.name, request.program_options.program)
        if compilation.settings.objective == "pareto":
            plots = plot_frontier(result, compilation, settings, output)
            result.provenance["plots"] = [str(file) for file in plots]
        if log is not None:
            log(result)
    return result


def _check_pick(pick: int | None, programs: int) -> None:
    if pick and pick > programs:
        raise CopeError(
            f"the frontier has {programs} programs, so there is no {pick}, and the best is saved: "
            f"the same command with --resume and a --pick of 1 to {programs} asks nothing again"
        )
