"""Compile prompts with a DSPy optimizer: estimated, budgeted, resumable and never worse."""

import traceback
from contextlib import ExitStack
from dataclasses import replace

import dspy

from ...errors import CopeError
from ...models import Budget, Usage
from ...models.adapter import LeanAdapter
from ...models.budget import BudgetExhausted
from ...models.prices import Price
from ...programs import Cascade
from ..optimizers.base import OptimizerContext, failure_message, visible_example
from ..optimizers.custom import CustomOptimizer, as_optimizer
from ..optimizers.registry import check_steps, optimizer_by_name
from .candidates import Candidate
from .context_window import check_context_window
from .estimate import CostEstimate, estimate_validation
from .evaluator import ProgramEvaluator
from .metric import Metric, Scorer, as_judge
from .pilot import estimate_from_pilot, pilot_questions
from .preflight import (
    check_calls,
    check_data,
    check_prices,
    check_scorer,
    ping_proposer,
)
from .prompts import prompt_state, select_predictors
from .proposer import PROPOSER_TIER, ProposalStats, make_proposer
from .result import CompileResult, make_result, provenance
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
from .splits import Splits, example_fingerprint
from .store import CompileStore
from .student import Player, Student
from .surrogate import Surrogate


class Compilation:
    """A prepared compile, which can be described before it runs.

    Args:
        program: the cascade to compile; it is not changed.
        splits: training and validation questions.
        scorer: scores an answer: a task's `score`, or a function `(example, answer) -> number`;
            None takes the default score of the program's domain.
        settings: all other settings. Their folder is locked until `close`.
        player: plays games with a program; None where questions take one step.

    Raises:
        CopeError: when a setting cannot work, or another compile holds the folder. No model has
            been called then.
    """

    def __init__(
        self,
        program: Cascade,
        splits: Splits,
        scorer: Scorer | None = None,
        settings: CompileSettings | None = None,
        player: Player | None = None,
    ) -> None:
        settings = settings or CompileSettings()
        self.settings = settings
        self.optimizer = as_optimizer(settings.optimizer, settings.proposer_price)
        self.program, self.splits = parse_program(program), splits
        self.objective = parse_objective(settings.objective)
        self.trainable = select_predictors(program, parse_names("only", settings.only))
        chain, budget = parse_names("chain", settings.chain), parse_budget(settings.budget)
        folder = parse_folder(settings.folder)
        demos = parse_count("demos", settings.demos)
        seed = parse_count("seed", settings.seed, minimum=None)
        steps = [optimizer_by_name(name) for name in chain]
        check_steps(self.optimizer, steps, demos, splits.trains_on_games)
        check_data(splits)
        rows = [*splits.train, *splits.val]
        scorer = scorer or default_scorer(program, rows)
        check_scorer(as_judge(scorer), splits)
        check_proposer(settings.proposer)
        self.surrogate = Surrogate(program, self.trainable) if settings.surrogate else None
        proposer = program.baseline_tier if settings.proposer is None else settings.proposer
        self.proposer = make_proposer(program.team, proposer, price=settings.proposer_price)
        self._pilot: list[Usage] = []
        self._store = CompileStore(folder)
        self.folder = self._store.path
        try:
            self.session = self._open_session(budget, rows)
        except BaseException:
            self._store.close()
            raise
        self.metric = Metric(
            scorer, self.session, self.objective, rows, program.baseline_tier, player is not None
        )
        learns = self.optimizer.learns_from_failures
        student = Student(program, self.session, self.trainable, None, learns, player)
        trainset = splits.train
        if not isinstance(self.optimizer, CustomOptimizer):
            trainset = [visible_example(example, student) for example in trainset]
        answers = program if player is None else player(program)
        self.evaluator = ProgramEvaluator(self.metric, self.session, answers.concurrency())
        self.context = OptimizerContext(
            student=student,
            trainset=trainset,
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
            self._store.clear()
        callbacks = list(self.settings.callbacks)
        if self.settings.watch is not None:
            callbacks.append(WatchCallback(self.settings.watch))
        return CompileSession(
            [example_fingerprint(example) for example in self.splits.val],
            budget,
            self.folder,
            callbacks,
            check_context_window(rows),
            self._prices(),
        )

    def _prices(self) -> dict[str, Price]:
        """Return the user's prices by tier, with that of the proposer."""
        prices = self.program.team.prices
        if self.proposer.runtime.price:
            prices[PROPOSER_TIER] = self.proposer.runtime.price
        return prices

    @property
    def uses_proposer(self) -> bool:
        """Whether the optimizer will call the proposer."""
        return self.optimizer.estimate_cost(self.context)[1] > 0

    def check(self) -> None:
        """Raise a CopeError when the budget is too small, or needs a missing price.

        No model is called.
        """
        budget = self.session.guard.budget
        proposers = []
        if self.uses_proposer:
            proposers = [self.proposer]
        elif isinstance(self.optimizer, CustomOptimizer):
            proposers = self.optimizer.lms
        check_prices(self.program, proposers, budget)
        last_round = self.surrogate.last_round if self.surrogate else None
        check_calls(self.optimizer, self.context, budget, last_round)

    def estimate(self) -> CostEstimate:
        """Answer the first questions, and estimate from their usage that of the compile.

        Raises:
            CopeError: when no answer can be parsed, the proposer does not reply, or the budget does
                not allow the optimizer's smallest step.
            dspy.LMError: when a model cannot be reached.
        """
        self.check()
        try:
            with self._stage(), self._store.redirect_output():
                if self.uses_proposer:
                    ping_proposer(self.proposer)
                questions = pilot_questions(self.splits)
                results = self.evaluator.evaluate(self.context.student, questions)
        except FatalModelError as fatal:
            raise fatal.error from fatal
        except BudgetExhausted as exhausted:
            raise CopeError(
                f"{exhausted} by the first few questions, so it is too small for one step of "
                f"{self.optimizer.name}: give more"
            ) from None
        estimate, self._pilot = estimate_from_pilot(results, self.optimizer, self.context)
        return estimate

    def _stage(self) -> ExitStack:
        """Enter a stage of the session, in DSPy's settings for it."""
        stack = ExitStack()
        stack.enter_context(self.session.stage())
        # To an optimizer, a question that fails is a wrong answer. However many fail, DSPy must not
        # stop.
        stack.enter_context(dspy.context(lm=self.proposer, adapter=LeanAdapter(), max_errors=10**9))
        return stack

    def run(self) -> CompileResult:
        """Run the compile.

        Raises:
            CopeError: when a model cannot be used, or the budget does not allow the first
                validation. The folder keeps all finished work.
            dspy.LMError: when a model cannot be reached; the folder keeps all finished work.
        """
        if not self._pilot:
            self.estimate()
        with self._store.redirect_output():
            try:
                return self._run()
            except FatalModelError as fatal:
                raise fatal.error from fatal

    def _run(self) -> CompileResult:
        before, reserve = self._validate_before()
        proposals = self.session.proposal_stats = ProposalStats()  # without those of the pilot
        compiled, stop_reason = self._optimize(reserve)
        try:
            with self._stage():
                for finalist in self._finalists(compiled, before):
                    self.evaluator.scores(finalist, self.splits.val)
        except BudgetExhausted as exhausted:
            stop_reason = stop_reason or str(exhausted)
        result = make_result(self.program, self.session, self.metric, before, stop_reason)
        if proposals.all_failed and not result.improved:
            raise proposer_unavailable(*proposals.last_failure)
        models = {tier: self.program.team[tier].model for tier in self.program.preset.tiers}
        if self.uses_proposer:
            models["proposer"] = self.proposer.model
        about = provenance(result, self.optimizer.name, models, self.splits)
        return replace(result, proposal_warnings=proposals.summary, provenance=about)

    def _validate_before(self) -> tuple[Candidate, Usage]:
        """Validate the program as it is; return its candidate, and the usage of a validation."""
        guard, student = self.session.guard, self.context.student
        used = guard.used
        try:
            with self._stage():
                self.evaluator.scores(student, self.splits.val)
        except BudgetExhausted as exhausted:
            raise CopeError(
                f"{exhausted} before the program was validated once: give more"
            ) from None
        before = self.session.register_candidate(student)
        val_keys = self.session.candidates.val_keys
        self.metric.baseline_tokens = before.mean(val_keys, before.large_tokens)
        return before, estimate_validation(len(val_keys), guard.used.minus(used), self._pilot)

    def _optimize(self, reserve: Usage) -> tuple[Student | None, str | None]:
        """Run the optimizer; return its program, and why it stopped early.

        Args:
            reserve: the usage that the budget keeps for the last validation.
        """
        try:
            with self.session.guard.set_aside(reserve), self._stage():
                if self.surrogate is None:
                    return self.optimizer.compile(self.context), None
                self.surrogate.compile(self.optimizer, self.context)
                return None, None
        except BudgetExhausted as exhausted:
            return None, str(exhausted)
        except CopeError:
            raise
        except Exception as error:
            # DSPy's optimizers pass on the errors of proposals and of libraries.
            traceback.print_exc()  # to the folder's log
            return None, failure_message(self.optimizer.name, error)

    def _finalists(self, compiled: Student | None, before: Candidate) -> list[Student]:
        """Return the programs to be evaluated on all validation questions.

        These are the optimizer's program, and the best ones of a surrogate. Of an optimizer that
        stopped early, it is the program that did best on the questions that it answered.
        """
        states = []
        if compiled is not None:
            states.append(prompt_state(compiled))
        if self.surrogate:
            states += self.surrogate.best_states
        elif compiled is None:
            promising = self.session.candidates.most_promising(before)
            if promising:
                states.append(promising.state)
        return [self.context.student.with_state(state) for state in states]

    def close(self) -> None:
        """Close the files of the folder, and release its lock."""
        self.session.close()
        self._store.close()
