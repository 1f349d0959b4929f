"""Compile a cascade's prompts with one of DSPy's optimizers: estimated, budgeted, resumable, and never for the worse."""

import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ...errors import CopeError
from ...eval.run.evaluate import questions_in_flight
from ...models import Budget, Price, Usage
from ...models.adapter import LeanAdapter
from ...models.budget import BudgetExhausted
from ...models.engines.base import LocalEngine
from ...programs import Cascade
from ..optimizers.base import Job, Optimizer, failure, shown_row
from ..optimizers.custom import Own
from ..optimizers.registry import check_steps, optimizer_by_name
from .arguments import (
    as_budget,
    as_count,
    as_folder,
    as_names,
    as_objective,
    as_program,
    check_proposer,
    default_scorer,
)
from .candidates import Candidate
from .choice import best
from .chosen import chosen
from .estimate import Estimate, affordable, estimate, per_question, validation, written_share
from .evaluator import Asking
from .fitting import fits
from .metric import Metric, Objective, Scorer, judged_by
from .preflight import (
    ask_proposer,
    check_budget,
    check_calls,
    check_data,
    check_pilot,
    check_prices,
    check_scorer,
)
from .prompts import state_of, with_prompts
from .proposed import Proposed
from .proposer import make_proposer
from .quiet import quiet
from .result import Compiled, Scores, provenance
from .session import Failed, Session, no_proposer
from .splits import Splits, question_fingerprint
from .store import CompileFolder
from .student import Student
from .surrogate import Surrogate

PILOT = 8
"""Questions that an estimate is made from."""


class Compilation:
    """A compile that is prepared, so that it can be shown before it is run.

    Args:
        program: the cascade to compile; it is not changed.
        splits: training and validation questions.
        scorer: scores an answer: a task's `score`, or a function `(example, answer) -> number`; None is the usual score of
            the program's kind of questions.
        optimizer: a name, or an optimizer object of DSPy's own protocol.
        budget: bounds on the total; a number bounds the calls.
        only: which predictors are compiled, see `chosen`; all without a condition.
        objective: `accuracy`; `cost`, which prefers right answers that need few tokens of the large tier; or `pareto`.
        proposer: the model that writes instructions; the large tier's by default.
        demos: the most demonstrations of a predictor.
        seed: of the optimizer.
        chain: the optimizers of a chain, by name.
        surrogate: leave out the rounds after the last compiled one, and the questions that earlier rounds settle.
        folder: where the state is kept; the same folder goes on from there. A temporary one when None. It is held until
            `close`.
        watch: called after every score with the session.
        fresh: forget what the folder holds of an earlier compile.
        proposer_price: what the proposer costs, where its model is no priced tier's.

    Raises:
        CopeError: when something about it cannot work, or another compile holds the folder; no model has been asked yet.
    """

    def __init__(
        self,
        program: Cascade,
        splits: Splits,
        scorer: Scorer | None = None,
        optimizer: str | Teleprompter = "bootstrap-random-search",
        *,
        budget: Budget | int | None = None,
        only: str | Sequence[str] = (),
        objective: Objective = "accuracy",
        proposer: str | dspy.LM | LocalEngine | None = None,
        demos: int = 4,
        seed: int = 0,
        chain: str | Sequence[str] = (),
        surrogate: bool = False,
        folder: str | Path | None = None,
        watch: Callable[[Session], None] | None = None,
        fresh: bool = False,
        proposer_price: Price | None = None,
    ) -> None:
        self.optimizer: Optimizer = (
            optimizer_by_name(optimizer)
            if isinstance(optimizer, str)
            else Own(optimizer, proposer_price)
        )
        self.program, self.splits, self.objective = (
            as_program(program),
            splits,
            as_objective(objective),
        )
        self.names = chosen(program, as_names("only", only))
        links, budget, place = as_names("chain", chain), as_budget(budget), as_folder(folder)
        demos, seed = as_count("demos", demos), as_count("seed", seed, least=None)
        check_steps(self.optimizer, [optimizer_by_name(name) for name in links], demos)
        check_data(splits)
        rows = [*splits.train, *splits.val]
        scorer = scorer or default_scorer(program, rows)
        check_scorer(judged_by(scorer), splits)
        check_proposer(proposer)
        self.surrogate = Surrogate(program, self.names) if surrogate else None
        self.proposer = make_proposer(program.team, proposer, price=proposer_price)
        self._costs: list[Usage] = []
        self._held = CompileFolder(place)
        self.folder = self._held.path
        try:
            if fresh:
                self._held.forget()
            self.session = Session(
                [question_fingerprint(e.question) for e in splits.val],
                budget,
                self.folder,
                watch or (lambda _: None),
            )
        except BaseException:
            self._held.close()
            raise
        self.session.refuses = fits([example.question for example in rows])
        self.metric = Metric(scorer, self.session, objective, rows)
        student = Student(program, self.session, self.names, failures=self.optimizer.reflects)
        train = (
            splits.train
            if isinstance(self.optimizer, Own)
            else [shown_row(e, student) for e in splits.train]
        )
        self.asking = Asking(self.metric, self.session, questions_in_flight(program))
        self.job = Job(
            student,
            train,
            splits.val,
            self.metric,
            self.proposer,
            None,
            self.asking.threads,
            demos,
            seed,
            self.asking.scores,
            links,
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
            with self._stage(), quiet(self.folder / "optimizer.log"):
                if self.proposes:
                    ask_proposer(self.proposer)
                asked = self.asking.results(self.job.student, self.splits.train[:PILOT])
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
        with quiet(self.folder / "optimizer.log"):
            try:
                return self._run()
            except Failed as failed:
                raise failed.error from failed

    def _run(self) -> Compiled:
        student = self.job.student
        begun = self.session.guard.used
        try:
            with self._stage():
                self.asking.scores(student, self.splits.val)
        except BudgetExhausted as empty:
            raise CopeError(f"{empty} before the program was validated once: give more") from None
        before = self.session.see(student)
        self.metric.reference = before.mean(self.session.candidates.valkeys, before.large_tokens)
        stopped, made = None, None
        proposed = self.session.proposed = Proposed()  # whatever the pilot asked
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
                    self.asking.scores(candidate, self.splits.val)
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
        after = best(candidates, self.metric, before)
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
