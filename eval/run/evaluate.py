"""The evaluation run: questions in flight together, each recorded as it ends, stopped cleanly."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import dspy
from dspy.utils.exceptions import (
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMError,
    LMTransportError,
    LMUnsupportedModelError,
)

from ...errors import CopeError, Unavailable
from ...models import use_ledger
from ...models.budget import Budget, BudgetGuard
from ...programs import Cascade, System, ask_system
from ..tasks.base import Task
from .store import QuestionResult, RunStore, key_examples

# What fails for one question with these fails for all: going on would only repeat it.
FATAL_ERRORS = (
    CopeError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMTransportError,
    LMUnsupportedModelError,
)


AnySystem = TypeVar("AnySystem", bound=System)
QuestionRunner = Callable[[Task, dspy.Example, AnySystem, QuestionResult], Awaitable[None]]


@dataclass(frozen=True)
class EvaluationOutcome:
    """What an evaluation came to.

    Attributes:
        results: those of all questions that were answered or failed, earlier runs included, in the questions' order.
        stop_reason: why questions are left, in a line; None when none is.
    """

    results: list[QuestionResult]
    stop_reason: str | None = None


async def ask_and_score(
    task: Task, example: dspy.Example, system: System, result: QuestionResult
) -> None:
    """Ask the system, score its answer, and write both into the record."""
    answered = await ask_system(system, dict(example.inputs().items()))
    score = await task.score(example, answered.answer)
    result.answer, result.score, result.feedback = answered.answer, score.value, score.feedback
    result.round, result.confidence = answered.round, answered.confidence
    result.votes, result.rounds = answered.votes, answered.rounds
    result.usage, result.usd = answered.usage, answered.usd
    result.seconds = answered.seconds


async def evaluate(
    task: Task,
    examples: list[dspy.Example],
    system: AnySystem,
    store: RunStore,
    *,
    in_flight: int | None = None,
    budget: float | None = None,
    on_result: Callable[[QuestionResult], None] = lambda record: None,
    question_context: Callable[[dspy.Example], AbstractContextManager[Any]] = lambda example: (
        nullcontext()
    ),
    runner: QuestionRunner[AnySystem] = ask_and_score,
) -> EvaluationOutcome:
    """Ask every question that the folder has no outcome for, and record each as it ends.

    Args:
        task: scores the answers.
        examples: the questions.
        system: answers them.
        store: an opened folder; calls and records are appended to it.
        in_flight: questions asked side by side.
        budget: USD; no question is started that might pass it, by the dearest one so far.
        on_result: called with every new record.
        question_context: a context for each question, such as a span of its trace.
        runner: how a question is asked and its record filled.

    Raises:
        CopeError: when a model cannot be reached or used, or a budget is given and a price is not known; all that is
            done is saved.
    """
    if not isinstance(system, Cascade):  # a cascade's rounds are in its records and its preset
        store.update_metadata(stages=[asdict(stage) for stage in system.stages])
    wanted = key_examples(examples)
    left = [(key, example) for key, example in wanted.items() if key not in store.results]
    slots = asyncio.Semaphore(in_flight or system.concurrency())
    answered_before = [record.usage for record in store.results.values()]
    guard = BudgetGuard(Budget(usd=budget), questions=answered_before)
    failed: dict[str, QuestionResult] = {}

    async def ask(key: str, example: dspy.Example) -> None:
        async with slots, guard.reserve() as spend:
            if spend is None:
                return
            record = QuestionResult(key, example.id, example.question, example.answer)
            with question_context(example):
                await _ask(runner, task, example, system, record)
            store.add(record)
            if record.error:
                failed[key] = record
            on_result(record)
            spend(record.usage)

    with use_ledger(store.ledger), dspy.context(max_history_size=64):
        try:
            async with asyncio.TaskGroup() as group:
                for key, example in left:
                    group.create_task(ask(key, example))
        except BaseExceptionGroup as errors:
            raise _first_error(errors) from None
    records = [found for key in wanted if (found := store.results.get(key) or failed.get(key))]
    return EvaluationOutcome(records, guard.stop_reason)


async def _ask(
    runner: QuestionRunner[AnySystem],
    task: Task,
    example: dspy.Example,
    system: AnySystem,
    record: QuestionResult,
) -> None:
    try:
        await runner(task, example, system, record)
    except FATAL_ERRORS:
        raise
    except LMError as error:
        if cause := cope_error_in(error):
            raise cause from error
        record.error = f"{type(error).__name__}: {error}".splitlines()[0][:300]


def fatal_error_in(error: Exception) -> Exception | None:
    """What of an error would fail every question; None when another question may go well."""
    return cope_error_in(error) or (error if isinstance(error, FATAL_ERRORS) else None)


def cope_error_in(error: BaseException) -> CopeError | None:
    """The error of ours inside DSPy's wrapping, if that is what it was."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, CopeError):
        cause = cause.__cause__
    return cause


def _first_error(errors: BaseExceptionGroup[Any]) -> BaseException:
    """One error to report out of those that ended the run together."""
    flat = [e for e in errors.exceptions if not isinstance(e, asyncio.CancelledError)] or list(
        errors.exceptions
    )
    error = flat[0]
    if isinstance(error, BaseExceptionGroup):
        return _first_error(error)
    if isinstance(error, LMTransportError):
        return Unavailable(
            f"{error}; what is done is saved, and the same command goes on from there".replace(
                "\n", " "
            )
        )
    return error
