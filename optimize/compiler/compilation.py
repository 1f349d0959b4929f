"""Compile a cascade's prompts with one of DSPy's optimizers: estimated, budgeted, resumable, and never for the worse."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import dspy

from ...errors import CopeError
from ...models import Budget, Usage
from ...models.adapter import LeanAdapter
from ...models.budget import BudgetExhausted
from ...programs import Cascade
from ..optimizers.base import Optimizer, OptimizerContext, failure_message, visible_example
from ..optimizers.custom import CustomOptimizer
from ..optimizers.registry import check_steps, optimizer_by_name
from .candidates import Candidate
from .estimate import (
    CostEstimate,
    affordable_questions,
    completion_share,
    estimate_cost,
    estimate_validation,
    usage_per_question,
)
from .evaluator import ProgramEvaluator
from .metric import Metric, Scorer, as_judge
from .preflight import (
    check_budget,
    check_calls,
    check_context_window,
    check_data,
    check_pilot,
    check_prices,
    check_scorer,
    ping_proposer,
)
from .prompts import prompt_state, select_predictors, with_prompts
from .proposer import ProposalStats, make_proposer
from .result import CompileResult, ValidationScores, provenance, select_best
from .session import CompileSession, FatalModelError, WatchCallback, proposer_unavailable
from .settings import (
    CompileSettings,
    check_proposer,
    default_scorer,
    parse_budget,
    parse_count,
    parse_folder,
    parse_names,
    parse_objective,
    parse_program,
)
from .splits import Splits, question_fingerprint
from .store import CompileStore
from .student import Student
from .surrogate import Surrogate

PILOT_QUESTIONS = 8
"""Questions that an estimate is made from."""
_LOG = "optimizer.log"


@contextmanager
def redirect_output(path: Path) -> Iterator[None]:
    """Append what is printed or logged inside to a file, so that stdout keeps the result and stderr the progress line."""
    with path.open("a", encoding="utf-8") as log:
        sys.stdout.flush()
        with redirect_stdout(log), redirect_stderr(log):
            yield


def _optimizer(settings: CompileSettings) -> Optimizer:
    if isinstance(settings.optimizer, str):
        return optimizer_by_name(settings.optimizer)
    return CustomOptimizer(settings.optimizer, settings.proposer_price)


class Compilation:
    """A compile that is prepared, so that it can be shown before it is run.

    Args:
        program: the cascade to compile; it is not changed.
        splits: training and validation questions.
        scorer: scores an answer: a task's `score`, or a function `(example, answer) -> number`; None is the default score of
            the program's kind of questions.
        settings: all else. Its folder is locked until `close`.

    Raises:
        CopeError: when a setting cannot work, or another compile holds the folder; no model has been asked yet.
    """

    def __init__(
        self,
        program: Cascade,
        splits: Splits,
        scorer: Scorer | None = None,
        settings: CompileSettings | None = None,
    ) -> None:
        settings = settings or CompileSettings()
        self.settings = settings
        self.optimizer = _optimizer(settings)
        self.program, self.splits = parse_program(program), splits
        self.objective = parse_objective(settings.objective)
        self.trainable = select_predictors(program, parse_names("only", settings.only))
        chain, budget = parse_names("chain", settings.chain), parse_budget(settings.budget)
        folder = parse_folder(settings.folder)
        demos = parse_count("demos", settings.demos)
        seed = parse_count("seed", settings.seed, minimum=None)
        check_steps(self.optimizer, [optimizer_by_name(name) for name in chain], demos)
        check_data(splits)
        rows = [*splits.train, *splits.val]
        scorer = scorer or default_scorer(program, rows)
        check_scorer(as_judge(scorer), splits)
        check_proposer(settings.proposer)
        self.surrogate = Surrogate(program, self.trainable) if settings.surrogate else None
        self.proposer = make_proposer(
            program.team,
            program.baseline_tier if settings.proposer is None else settings.proposer,
            price=settings.proposer_price,
        )
        self._costs: list[Usage] = []
        self._held = CompileStore(folder)
        self.folder = self._held.path
        try:
            self.session = self._open_session(budget, rows)
        except BaseException:
            self._held.close()
            raise
        self.metric = Metric(
            scorer, self.session, self.objective, rows, last_tier=program.baseline_tier
        )
        student = Student(
            program,
            self.session,
            self.trainable,
            include_failures=self.optimizer.learns_from_failures,
        )
        train = splits.train
        if not isinstance(self.optimizer, CustomOptimizer):
            train = [visible_example(example, student) for example in splits.train]
        self.evaluator = ProgramEvaluator(self.metric, self.session, program.concurrency())
        self.context = OptimizerContext(
            student=student,
            trainset=train,
            valset=splits.val,
            metric=self.metric,
            proposer=self.proposer,
            max_questions=None,
            num_threads=self.evaluator.num_threads,
            demos=demos,
            seed=seed,
            evaluate=self.evaluator.scores,
            chain=chain,
        )

    def _open_session(self, budget: Budget | None, rows: list[dspy.Example]) -> CompileSession:
        if self.settings.fresh:
            self._held.clear()
        callbacks = list(self.settings.callbacks)
        if self.settings.watch is not None:
            callbacks.append(WatchCallback(self.settings.watch))
        return CompileSession(
            [question_fingerprint(example.question) for example in self.splits.val],
            budget,
            self.folder,
            callbacks,
            check_context_window([example.question for example in rows]),
        )

    @property
    def uses_proposer(self) -> bool:
        """Whether the optimizer will ask the proposer."""
        return self.optimizer.estimate_cost(self.context)[1] > 0

    def check(self) -> None:
        """Raise a CopeError when the budget cannot be enough, or a price is missing to it; no model is asked."""
        budget = self.session.guard.budget
        own = self.optimizer.lms if isinstance(self.optimizer, CustomOptimizer) else []
        check_prices(self.program, [self.proposer] if self.uses_proposer else own, budget)
        check_calls(
            self.optimizer,
            self.context,
            budget,
            self.surrogate.last_round if self.surrogate else None,
        )

    def estimate(self) -> CostEstimate:
        """Ask the first training questions, and say from their cost what the whole will use.

        Raises:
            CopeError: when no answer can be read, the proposer cannot be asked, or the budget does not allow the optimizer's
                smallest step.
            dspy.LMError: when a model cannot be reached.
        """
        self.check()
        try:
            with self._stage(), redirect_output(self.folder / _LOG):
                if self.uses_proposer:
                    ping_proposer(self.proposer)
                asked = self.evaluator.evaluate(
                    self.context.student, self.splits.train[:PILOT_QUESTIONS]
                )
        except FatalModelError as failed:
            raise failed.error from failed
        except BudgetExhausted as empty:
            raise CopeError(
                f"{empty} by the first few questions, so it is too small for one step of {self.optimizer.name}: give more"
            ) from None
        answers = [prediction for _, prediction, _ in asked]
        check_pilot(answers)
        usages = [prediction.usage for prediction in answers if prediction]
        costs = self._costs = usage_per_question(usages)
        left = affordable_questions(self.session.guard.budget, costs)
        self.context.max_questions = (
            None if left is None else max(0, left - 2 * len(self.splits.val))
        )  # before and after
        check_budget(self.optimizer, self.context, self.session.guard, costs)
        questions, proposals = self.optimizer.estimate_cost(self.context)
        first = len(self.splits.val)
        plain = first if self.optimizer.adds_demos and self.context.demos else None
        guess = estimate_cost(
            costs,
            questions + first,
            proposals,
            self.context.demos,
            plain,
            completion_share(usages),
            self.proposer.price_of,
        )
        return replace(guess, num_correct=sum(score >= 1 for _, _, score in asked))

    def _stage(self) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(self.session.stage())
        # A question that fails is a wrong answer to an optimizer; how many there are is no reason to give up.
        stack.enter_context(dspy.context(lm=self.proposer, adapter=LeanAdapter(), max_errors=10**9))
        return stack

    def run(self) -> CompileResult:
        """Compile.

        Raises:
            CopeError: when a model cannot be used, or the budget does not even allow the first validation; all that was
                done is kept in the folder.
            dspy.LMError: when a model cannot be reached; the same holds.
        """
        if not self._costs:
            self.estimate()
        with redirect_output(self.folder / _LOG):
            try:
                return self._run()
            except FatalModelError as failed:
                raise failed.error from failed

    def _run(self) -> CompileResult:
        student = self.context.student
        begun = self.session.guard.used
        try:
            with self._stage():
                self.evaluator.scores(student, self.splits.val)
        except BudgetExhausted as empty:
            raise CopeError(f"{empty} before the program was validated once: give more") from None
        before = self.session.register_candidate(student)
        self.metric.baseline_tokens = before.mean(
            self.session.candidates.val_keys, before.large_tokens
        )
        stopped, made = None, None
        proposed = self.session.proposal_stats = ProposalStats()  # whatever the pilot asked
        reserve = estimate_validation(
            len(self.splits.val), self.session.guard.used.minus(begun), self._costs
        )
        try:
            with self.session.guard.set_aside(reserve), self._stage():
                made = self._optimize()
        except BudgetExhausted as empty:
            stopped = str(empty)
        except CopeError:
            raise
        except (
            Exception
        ) as error:  # DSPy's optimizers let through what their proposals and libraries raise
            traceback.print_exc()  # to the folder's log
            stopped = failure_message(self.optimizer.name, error)
        try:
            with self._stage():
                for candidate in self._finalists(made, before):
                    self.evaluator.scores(candidate, self.splits.val)
        except BudgetExhausted as empty:
            stopped = stopped or str(empty)
        outcome = self._outcome(before, stopped)
        if proposed.all_failed and not outcome.improved:
            raise proposer_unavailable(*proposed.last_failure)
        return replace(outcome, proposal_warnings=proposed.summary)

    def _optimize(self) -> Student | None:
        if self.surrogate is None:
            return self.optimizer.compile(self.context)
        return self.surrogate.compile(self.optimizer, self.context)

    def _finalists(self, made: Student | None, before: Candidate) -> list[Student]:
        """What the optimizer ended with, and what a surrogate found best: they have the last word on all questions.

        Of an optimizer that was stopped, it is what did best on the questions that it was asked.
        """
        states = [prompt_state(made)] if made is not None else []
        if self.surrogate:
            states += self.surrogate.best_states
        elif made is None and (found := self.session.candidates.most_promising(before)):
            states.append(found.state)
        return [self.context.student.with_state(state) for state in states]

    def _outcome(self, before: Candidate, stopped: str | None) -> CompileResult:
        candidates = self.session.candidates
        after = select_best(candidates, self.metric, before)
        keys = candidates.val_keys
        made = CompileResult(
            program=with_prompts(self.program, after.state),
            before=ValidationScores.from_candidate(before, keys),
            after=ValidationScores.from_candidate(after, keys),
            improved=after is not before,
            frontier=[
                (with_prompts(self.program, c.state), ValidationScores.from_candidate(c, keys))
                for c in candidates.pareto_front()
            ],
            candidates=list(candidates),
            usage=self.session.guard.used,
            stop_reason=stopped,
        )
        models = {tier: self.program.team[tier].model for tier in self.program.preset.tiers}
        models |= {"proposer": self.proposer.model} if self.uses_proposer else {}
        about = provenance(made, self.optimizer.name, models, self.splits)
        return replace(made, provenance=about)

    def close(self) -> None:
        """Close the files of the folder, and let others have it."""
        self.session.close()
        self._held.close()
