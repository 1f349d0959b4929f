"""Ask each tier alone the training questions: resumable, within a budget."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from ...errors import CopeError
from ...eval.comparison.request import SystemStart
from ...eval.recording.run import read_groups
from ...eval.run.evaluate import evaluate
from ...eval.run.example_keys import key_examples
from ...eval.run.options import DataOptions, RunOptions
from ...eval.run.settings import run_settings
from ...eval.run.shared_ledger import shared_budget
from ...eval.run.store import QuestionResult, RunStore
from ...eval.tasks.base import Task, answer_kind_of, load_questions
from ...models import Team
from ...programs.options import ProgramOptions, TeamOptions
from ...programs.resolve import system_options
from ...programs.systems.base import System
from ...programs.systems.trained import tier_probe
from ...programs.systems.trained_file import TrainedFile
from ...programs.systems.trained_kind import trained_kind
from .options import TrainingOptions
from .train import TrainingSource, order_tiers, train_on_results


@dataclass(frozen=True)
class TrainingRequest:
    """The options and objects of a training that asks models."""

    task: Task
    team: Team
    team_options: TeamOptions
    program_options: ProgramOptions
    data_options: DataOptions
    run_options: RunOptions
    options: TrainingOptions


@dataclass(frozen=True)
class TrainingCallbacks:
    """Functions of the caller, because this room does not load models or print.

    Attributes:
        load_models: loads the models of some tiers.
        on_system: called when a tier starts, see `ComparisonCallbacks`.
    """

    load_models: Callable[[Team, list[str]], None]
    on_system: Callable[[SystemStart], AbstractContextManager[Callable[[QuestionResult], None]]]


def check_split(split: str) -> None:
    """Raise an error for the test split, which measures what was trained.

    Raises:
        CopeError: for `test`.
    """
    if split == "test":
        raise CopeError(
            "--split test: the test split is kept for cope eval, so a training never reads it"
        )


def train_on_task(request: TrainingRequest, callbacks: TrainingCallbacks) -> TrainedFile:
    """Ask every tier alone, and train a system on the answers. A rerun resumes.

    Raises:
        CopeError: for the test split, when models fail or the budget is used up (the answers so far
            are saved), or when there are too few questions.
    """
    data, options = request.data_options, request.options
    check_split(data.split)
    policy = trained_kind(options.system).policy
    task, examples = load_questions(request.task, data.split, data.limit, data.data)
    groups = read_groups(data, examples)
    team = request.team
    settings = system_options(request.program_options, task.domain, answer_kind_of(task))
    counts = options.samples_by_tier(order_tiers(list(team.tiers)))
    probes: dict[str, System] = {}
    for number, (tier, samples) in enumerate(counts.items()):
        checks = policy.checks_itself and number == 0
        probes[tier] = tier_probe(tier, samples, checks, team, settings)
    stores = {tier: _store(request, task, probe) for tier, probe in probes.items()}
    results: dict[str, list[QuestionResult]] = {}
    with ExitStack() as stack:
        for store in stores.values():
            stack.enter_context(store.open(request.run_options.fresh))
        keys = key_examples(examples)
        callbacks.load_models(team, [tier for tier in probes if stores[tier].lacks_any(keys)])
        prices = team.prices
        budget = shared_budget(request.run_options.budget, stores.values(), prices)
        for number, (tier, probe) in enumerate(probes.items(), 1):
            store = stores[tier]
            earlier = list(store.results.values())[: len(examples)]
            questions = range(len(examples))
            start = SystemStart(tier, number, len(probes), questions, earlier, 1)
            with callbacks.on_system(start) as on_result:
                outcome = asyncio.run(
                    evaluate(
                        task,
                        examples,
                        probe,
                        store,
                        in_flight=request.run_options.questions,
                        budget=budget,
                        on_result=on_result,
                        prices=prices,
                    )
                )
            outcome.require_complete(len(examples))
            results[tier] = outcome.results
    weights = {tier: team[tier].weights_digest() for tier in probes}
    source = TrainingSource(
        task.name,
        task.domain,
        answer_kind_of(task),
        {tier: team[tier].model for tier in probes},
        _request_settings(request, task),
        {tier: digest for tier, digest in weights.items() if digest},
    )
    return train_on_results(results, source, options, groups or None)


def _store(request: TrainingRequest, task: Task, probe: System) -> RunStore:
    settings = run_settings(task, request.data_options, request.team_options, request.team, probe)
    return RunStore(settings, request.run_options.directory)


def _request_settings(request: TrainingRequest, task: Task) -> dict[str, object]:
    settings = request.team_options.request_settings()
    settings["shown"] = task.test_visibility or None
    return settings
