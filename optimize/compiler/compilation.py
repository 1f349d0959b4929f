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
from ..optimizers.base import Job, Optimizer, failure, shown_row
from ..optimizers.custom import Own
from ..optimizers.registry import check_steps, optimizer_by_name
from .candidates import Candidate
from .estimate import Estimate, affordable, estimate, per_question, validation, written_share
from .evaluator import ProgramEvaluator
from .metric import Metric, Scorer, judged_by
from .preflight import (
    ask_proposer,
    check_budget,
    check_calls,
    check_context_window,
    check_data,
    check_pilot,
    check_prices,
    check_scorer,
)
from .prompts import select_predictors, state_of, with_prompts
from .proposer import ProposalStats, make_proposer
from .result import Compiled, Scores, provenance, select_best
from .session import CompileSession, Failed, WatchCallback, no_proposer
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
from .store import CompileFolder
from .student import Student
from .surrogate import Surrogate

PILOT = 8
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
    return Own(settings.optimizer, settings.proposer_price)


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
        self.names = select_predictors(program, parse_names("only", settings.only))
        chain, budget = parse_names("chain", settings.chain), parse_budget(settings.budget)
        folder = parse_folder(settings.folder)
        demos = parse_count("demos", settings.demos)
        seed = parse_count("seed", settings.seed, least=None)
        check_steps(self.optimizer, [optimizer_by_name(name) for name in chain], demos)
        check_data(splits)
        rows = [*splits.train, *splits.val]
        scorer = scorer or default_scorer(program, rows)
        check_scorer(judged_by(scorer), splits)
        check_proposer(settings.proposer)
        self.surrogate = Surrogate(program, self.names) if settings.surrogate else None
        self.proposer = make_proposer(
            program.team,
            program.baseline_tier if settings.proposer is None else settings.proposer,
            price=settings.proposer_price,
        )
        self._costs: list[Usage] = []
        self._held = CompileFolder(folder)
        self.folder = self._held.path
        try:
            self.session = self._open_session(budget, rows)
        except BaseException:
            self._held.close()
            raise
        self.metric = Metric(
            scorer, self.session, self.objective, rows, last_tier=program.baseline_tier
        )
        student = Student(program, self.session, self.names, failures=self.optimizer.reflects)
        train = splits.train
        if not isinstance(self.optimizer, Own):
            train = [shown_row(example, student) for example in splits.train]
        self.evaluator = ProgramEvaluator(self.metric, self.session, program.concurrency())
        self.job = Job(
            student=student,
            trainset=train,
            valset=splits.val,
            metric=self.metric,
            proposer=self.proposer,
            runs=None,
            threads=self.evaluator.threads,
            demos=demos,
            seed=seed,
            evaluate=self.evaluator.scores,
            chain=chain,
        )

    def _open_session(self, budget: Budget | None, rows: list[dspy.Example]) -> CompileSession:
        if self.settings.fresh:
            self._held.forget()
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
    def proposes(self) -> bool:
        """Whether the optimizer will ask the proposer."""
        return self.optimizer.runs(self.job)[1] > 0

    def check(self) -> None:
        """Raise a CopeError when the budget cannot be enough, or a price is missing to it; no model is asked."""
        budget = self.session.guard.budget
        own = self.optimizer.models if isinstance(self.optimizer, Own) else []
        check_prices(self.program, [self.proposer] if self.proposes else own, budget)
        check_calls(
            self.optimizer, self.job, budget, self.surrogate.last if self.surrogate else None
        )

    def estimate(self) -> Estimate:
        """Ask the first training questions, and say from their cost what the whole will use.

        Raises:
            CopeError: when no answer can be read, the proposer cannot be asked, or the budget does not allow the optimizer's
                smallest step.
            dspy.LMError: when a model cannot be reached.
        """
        self.check()
        try:
            with self._stage(), redirect_output(self.folder / _LOG):
                if self.proposes:
                    ask_proposer(self.proposer)
                asked = self.evaluator.results(self.job.student, self.splits.train[:PILOT])
        except Failed as failed:
            raise failed.error from failed
        except BudgetExhausted as empty:
            raise CopeError(
                f"{empty} by the first few questions, so it is too small for one step of {self.optimizer.name}: give more"
            ) from None
        answers = [prediction for _, prediction, _ in asked]
        check_pilot(answers)
        usages = [prediction.usage for prediction in answers if prediction]
        costs = self._costs = per_question(usages)
        left = affordable(self.session.guard.budget, costs)
        self.job.runs = (
            None if left is None else max(0, left - 2 * len(self.splits.val))
        )  # before and after
        check_budget(self.optimizer, self.job, self.session.guard, costs)
        questions, proposals = self.optimizer.runs(self.job)
        first = len(self.splits.val)
        plain = first if self.optimizer.demonstrates and self.job.demos else None
        guess = estimate(
            costs,
            questions + first,
            proposals,
            self.job.demos,
            plain,
            written_share(usages),
            self.proposer.price_of,
        )
        return replace(guess, right=sum(score >= 1 for _, _, score in asked))

    def _stage(self) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(self.session.stage())
        # A question that fails is a wrong answer to an optimizer; how many there are is no reason to give up.
        stack.enter_context(dspy.context(lm=self.proposer, adapter=LeanAdapter(), max_errors=10**9))
        return stack

    def run(self) -> Compiled:
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
            except Failed as failed:
                raise failed.error from failed

    def _run(self) -> Compiled:
        student = self.job.student
        begun = self.session.guard.used
        try:
            with self._stage():
                self.evaluator.scores(student, self.splits.val)
        except BudgetExhausted as empty:
            raise CopeError(f"{empty} before the program was validated once: give more") from None
        before = self.session.see(student)
        self.metric.reference = before.mean(self.session.candidates.valkeys, before.large_tokens)
        stopped, made = None, None
        proposed = self.session.proposed = ProposalStats()  # whatever the pilot asked
        reserve = validation(
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
            stopped = failure(self.optimizer.name, error)
        try:
            with self._stage():
                for candidate in self._finalists(made, before):
                    self.evaluator.scores(candidate, self.splits.val)
        except BudgetExhausted as empty:
            stopped = stopped or str(empty)
        outcome = self._outcome(before, stopped)
        if proposed.all_failed and not outcome.improved:
            raise no_proposer(*proposed.why)
        return replace(outcome, lost=proposed.words)

    def _optimize(self) -> Student | None:
        if self.surrogate is None:
            return self.optimizer.compile(self.job)
        return self.surrogate.compile(self.optimizer, self.job)

    def _finalists(self, made: Student | None, before: Candidate) -> list[Student]:
        """What the optimizer ended with, and what a surrogate found best: they have the last word on all questions.

        Of an optimizer that was stopped, it is what did best on the questions that it was asked.
        """
        states = [state_of(made)] if made is not None else []
        if self.surrogate:
            states += self.surrogate.best
        elif made is None and (found := self.session.candidates.promising(before)):
            states.append(found.state)
        return [self.job.student.with_state(state) for state in states]

    def _outcome(self, before: Candidate, stopped: str | None) -> Compiled:
        candidates = self.session.candidates
        after = select_best(candidates, self.metric, before)
        keys = candidates.valkeys
        made = Compiled(
            program=with_prompts(self.program, after.state),
            before=Scores.of(before, keys),
            after=Scores.of(after, keys),
            improved=after is not before,
            frontier=[
                (with_prompts(self.program, c.state), Scores.of(c, keys))
                for c in candidates.frontier()
            ],
            candidates=list(candidates),
            spent=self.session.guard.used,
            stopped=stopped,
        )
        models = {tier: self.program.team[tier].model for tier in self.program.preset.tiers}
        models |= {"proposer": self.proposer.model} if self.proposes else {}
        about = provenance(made, self.optimizer.name, models, self.splits)
        return replace(made, provenance=about)

    def close(self) -> None:
        """Close the files of the folder, and let others have it."""
        self.session.close()
        self._held.close()
