"""Evaluate a system: ask several questions at a time, and store each result as it arrives."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
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

from ...errors import CopeError, Unavailable, cope_error_in
from ...models import metered, use_ledger
from ...models.concurrency import favoring_throughput
from ...models.ledger import question_of_calls
from ...models.prices import Price
from ...models.reprice import prices_to_json
from ...models.run_budget import RunBudget, spent_before
from ...programs import Cascade, System, ask_system
from ...programs.ranking import remember_ranks
from ...programs.results import usage_summary
from ...stats.intervals import none_if_nan
from ...util.arguments import check_argument, check_number
from ..tasks.base import Task
from .conversations import Conversations
from .example_keys import key_examples
from .prices import prices_of, reprice_results, stored_prices
from .store import QuestionResult, RunStore

FATAL_ERRORS = (
    CopeError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMTransportError,
    LMUnsupportedModelError,
)
"""Errors that do not depend on the question: the run stops instead of failing once a question."""

AnySystem = TypeVar("AnySystem", bound=System)
QuestionRunner = Callable[[Task, dspy.Example, AnySystem, QuestionResult], Awaitable[None]]


@dataclass(frozen=True)
class EvaluationOutcome:
    """The results of an evaluation.

    Attributes:
        results: one for each question that was answered or failed, also in earlier runs, in the
            order of the questions.
        stop_reason: why some questions were not asked, as one line; None if all were.
        prices: the prices by tier that the user gave, in this run or in an earlier one.
    """

    results: list[QuestionResult]
    stop_reason: str | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)

    @property
    def failures(self) -> list[QuestionResult]:
        """The results of the questions on which a model failed."""
        return [result for result in self.results if result.error]

    def require_complete(self, questions: int) -> None:
        """Raise an error if some questions have no answer.

        Args:
            questions: number of all questions.

        Raises:
            CopeError: if some questions were not asked, or a model failed on some.
        """
        if self.stop_reason:
            raise CopeError(self.stop_reason)
        if self.failures:
            first = self.failures[0]
            raise CopeError(
                f"a model failed on {len(self.failures)} of {questions} questions, first on "
                f"{first.id} ({first.error}); the same command asks them again"
            )


async def ask_and_score(
    task: Task, example: dspy.Example, system: System, result: QuestionResult
) -> None:
    """Ask the system, score its answer, and store both in the result."""
    answered = await ask_system(system, dict(example.inputs().items()))
    with metered() as meter:
        score = await task.score(example, answered.answer)
    result.judge_usage = usage_summary(meter)["usage"]
    result.answer, result.feedback = answered.answer, score.feedback
    result.score = none_if_nan(score.value)
    result.round, result.confidence = answered.round, answered.confidence
    result.votes, result.rounds = answered.votes, answered.rounds
    result.usage, result.usd = answered.usage, answered.usd
    result.seconds, result.steps = answered.seconds, answered.steps


def _check_arguments(
    task: object,
    examples: object,
    system: object,
    store: object,
    in_flight: object,
    budget: object,
) -> None:
    """Raise `CopeError` for an argument of `evaluate` of the wrong kind."""
    if not hasattr(task, "score"):
        check_argument("evaluate(task)", task, (), "a task, such as task_by_name('gsm8k')")
    remedy = "a list of dspy.Example with id, question and answer, such as task.load('test')"
    check_argument("evaluate(examples)", examples, Sequence, remedy)
    assert isinstance(examples, Sequence)
    for number, example in enumerate(examples, 1):
        check_argument(f"example {number}", example, dspy.Example, remedy)
        for name in ("id", "question", "answer"):
            if name not in example:
                raise CopeError(f"example {number} has no {name!r}: give {remedy}")
    if not hasattr(system, "stages"):
        check_argument("evaluate(system)", system, (), "a system, such as Cascade('cope')")
    check_argument("evaluate(store)", store, RunStore, "a RunStore that is open")
    if not hasattr(store, "ledger"):
        raise CopeError("evaluate(store) is not open: call evaluate inside `with store.open():`")
    check_number("evaluate(in_flight)", in_flight, 1, whole=True, optional=True)
    if not isinstance(budget, RunBudget):
        check_number("evaluate(budget)", budget, 0, optional=True)


async def evaluate(
    task: Task,
    examples: list[dspy.Example],
    system: AnySystem,
    store: RunStore,
    *,
    begin: int = 0,
    in_flight: int | None = None,
    budget: float | RunBudget | None = None,
    on_result: Callable[[QuestionResult], None] = lambda record: None,
    question_context: Callable[[dspy.Example], AbstractContextManager[Any]] = lambda example: (
        nullcontext()
    ),
    runner: QuestionRunner[AnySystem] = ask_and_score,
    prices: Mapping[str, Price] | None = None,
) -> EvaluationOutcome:
    """Ask every question that has no result in the store, and store each result as it arrives.

    Args:
        task: scores the answers.
        examples: the questions.
        system: answers the questions.
        store: an open store; calls and results are appended to it.
        begin: position of the first question to ask. Above 0 for a later part of an evaluation,
            whose first part began at 0 with the same system. A question before it that has no
            result, for example because a model failed on it, is left as it is.
        in_flight: number of questions asked at the same time; None for the system's own.
        budget: maximum cost in USD, also of earlier attempts; or the budget of several runs, which
            knows what they spent. No question is started that could exceed it, if the question
            cost as much as the most expensive one so far, and no round once it is used up.
        on_result: called with every new result.
        question_context: a context for each question, such as a span of its trace.
        runner: asks a question and fills its result.
        prices: the user's prices by tier; None for those of the system's team. All results are
            priced by them, also earlier ones, and those of other tiers by the prices of the
            earlier run.

    Raises:
        CopeError: if a model cannot be reached or used, or if there is a budget and a price is
            unknown. The results so far are saved.
    """
    _check_arguments(task, examples, system, store, in_flight, budget)
    if not isinstance(system, Cascade):  # the rounds of a cascade are in its results and its preset
        store.update_metadata(stages=[asdict(stage) for stage in system.stages])
    elif begin == 0:
        for result in store.results.values():
            remember_ranks(system, result.rounds)
    by_key = key_examples(examples)
    slots = asyncio.Semaphore(in_flight or system.concurrency())
    used_prices = stored_prices(store.metadata())
    used_prices |= prices_of(system) if prices is None else prices
    if used_prices and store.lacks_any(by_key):
        store.update_metadata(prices=prices_to_json(used_prices))
    earlier = reprice_results(store.results.values(), used_prices)
    if not isinstance(budget, RunBudget):
        spent = spent_before(store.ledger.earlier_calls, used_prices)
        budget = RunBudget(budget, spent=spent, prices=used_prices)
    budget.begin([result.usage + result.judge_usage for result in earlier])
    failed: dict[str, QuestionResult] = {}
    ends = False
    conversations = Conversations(by_key, store.results)

    async def ask(key: str, example: dspy.Example) -> None:
        turn = await conversations.next_turn(example)
        result = None if turn is None else await ask_turn(key, turn)
        conversations.finish(example, result)

    async def ask_turn(key: str, example: dspy.Example) -> QuestionResult | None:
        nonlocal ends
        async with slots, budget.question() as allowed:
            if ends or not allowed:
                return None
            try:
                result = await answer_turn(key, example)
            except BaseException:
                ends = True  # the task that gets this slot is cancelled only later
                raise
            return None if result.error else result
        return None

    async def answer_turn(key: str, example: dspy.Example) -> QuestionResult:
        result = QuestionResult(key, example.id, example.question, example.answer)
        with question_context(example), question_of_calls(key):
            await _ask(runner, task, example, system, result)
        (result,) = reprice_results([result], used_prices)
        store.add(result)
        if result.error:
            failed[key] = result
        on_result(result)
        return result

    with use_ledger(store.ledger), dspy.context(max_history_size=64), favoring_throughput():
        try:
            async with asyncio.TaskGroup() as group:
                for position, (key, example) in enumerate(by_key.items()):
                    if key in store.results:
                        continue
                    if position < begin:
                        conversations.finish(example, None)
                    else:
                        group.create_task(ask(key, example))
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None
    results = []
    for key in by_key:
        result = store.results.get(key) or failed.get(key)
        if result:
            results.append(result)
    results = reprice_results(results, used_prices)
    return EvaluationOutcome(results, budget.stop_reason, used_prices)


async def _ask(
    runner: QuestionRunner[AnySystem],
    task: Task,
    example: dspy.Example,
    system: AnySystem,
    result: QuestionResult,
) -> None:
    """Run a question. An error that concerns this question only is stored in the result."""
    try:
        await runner(task, example, system, result)
    except FATAL_ERRORS:
        raise
    except LMError as error:
        cause = cope_error_in(error)
        if cause:
            raise cause from error
        result.error = error_line(error)


def error_line(error: Exception) -> str:
    """Return the error of one question as one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def fatal_error_in(error: Exception) -> Exception | None:
    """Return the error that every question would raise; None if other questions may succeed."""
    cause = cope_error_in(error)
    if cause is None and isinstance(error, FATAL_ERRORS):
        return error
    return cause


def first_error(errors: BaseExceptionGroup[Any]) -> BaseException:
    """Return the error to report out of a group, a cancellation only if there is no other."""
    error = errors.exceptions[0]
    for candidate in errors.exceptions:
        if not isinstance(candidate, asyncio.CancelledError):
            error = candidate
            break
    if isinstance(error, BaseExceptionGroup):
        return first_error(error)
    if isinstance(error, LMTransportError):
        message = str(error).replace("\n", " ")
        return Unavailable(f"{message}; the results are saved, and the same command resumes")
    return error
