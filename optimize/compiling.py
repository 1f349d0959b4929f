"""Compile a cascade's prompts with one of DSPy's optimizers: estimated, budgeted, resumable, and never for the worse."""

import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ..errors import CopeError
from ..eval.run import questions_in_flight
from ..models.adapter import LeanAdapter
from ..programs import Cascade
from .budget import Budget, BudgetSpent, Spending
from .candidates import Candidate, Candidates
from .checks import check_budget, check_data, check_pilot, check_scorer
from .chosen import chosen
from .compiled import Compiled, Scores
from .estimate import Estimate, estimate, per_question, validation, written_share
from .fitting import fits
from .job import Job, Optimizer, failure, shown_row
from .methods import optimizer_by_name
from .methods.own import Own
from .metric import Metric, Objective, Scorer
from .prompts import state_of, with_prompts
from .proposer import make_proposer
from .quiet import quiet
from .session import Failed, Session
from .splits import Splits, fingerprint
from .student import Student
from .surrogate import Surrogate

PILOT = 8
"""Questions that an estimate is made from."""


class Compilation:
    """A compile that is prepared, so that it can be shown before it is run.

    Args:
        program: the cascade to compile; it is not changed.
        splits: training and validation questions.
        scorer: scores an answer: a task's `score`, or a function `(example, answer) -> number`.
        optimizer: a name, or an optimizer object of DSPy's own protocol.
        budget: bounds on the total.
        only: which predictors are compiled, see `chosen`; all without a condition.
        objective: `accuracy`; `cost`, which prefers right answers that need few tokens of the large tier; or `pareto`.
        proposer: the model that writes instructions; the large tier's by default.
        demos: the most demonstrations of a predictor.
        seed: of the optimizer.
        chain: the optimizers of a chain, by name.
        surrogate: leave out the rounds after the last compiled one, and the questions that earlier rounds settle.
        folder: where the state is kept; the same folder goes on from there. A temporary one when None.
        watch: called after every score with the session.

    Raises:
        CopeError: when something about it cannot work; no model has been asked yet.
    """

    def __init__(
        self,
        program: Cascade,
        splits: Splits,
        scorer: Scorer,
        optimizer: str | Teleprompter = "bootstrap-random-search",
        *,
        budget: Budget | None = None,
        only: Iterable[str] = (),
        objective: Objective = "accuracy",
        proposer: Any = None,
        demos: int = 4,
        seed: int = 0,
        chain: Sequence[str] = (),
        surrogate: bool = False,
        folder: Path | None = None,
        watch: Callable[[Session], None] = lambda session: None,
    ) -> None:
        self.optimizer: Optimizer = optimizer_by_name(optimizer) if isinstance(optimizer, str) else Own(optimizer)
        self.program, self.splits, self.objective = program, splits, objective
        self.names = chosen(program, only)
        _ = [optimizer_by_name(name) for name in chain]
        check_data(splits)
        check_scorer(scorer, splits)
        self.folder = folder or Path(mkdtemp(prefix="cope-compile-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.session = Session([fingerprint(example) for example in splits.val], budget, self.folder, watch)
        self.session.refuses = fits([example.question for example in (*splits.train, *splits.val)])
        self.metric = Metric(scorer, self.session, objective, (*splits.train, *splits.val))
        self.surrogate = Surrogate(program, self.names) if surrogate else None
        self.proposer = make_proposer(program.team, proposer)
        self._costs: list[Spending] = []
        student = Student(program, self.session, self.names, failures=self.optimizer.reflects)
        rows = splits.train if isinstance(self.optimizer, Own) else [shown_row(e, student) for e in splits.train]
        self.job = Job(
            student, rows, splits.val, self.metric, self.proposer, None, questions_in_flight(program), demos, seed,
            self.evaluate, tuple(chain),
        )  # fmt: skip

    def evaluate(self, student: Student, examples: list[dspy.Example]) -> list[float]:
        """A program's scores on questions, asked side by side; one that a model failed on is asked once more."""
        self._ask(student, examples)
        candidate = self.session.see(student)
        if failed := [e for e in examples if fingerprint(e) not in candidate.scores and not candidate.refused]:
            self._ask(student, failed)
        for example in examples:
            if fingerprint(example) not in candidate.scores:
                self.session.note(candidate.id, fingerprint(example), 0.0, 0, 0)
        return [candidate.scores[fingerprint(example)] for example in examples]

    def _ask(self, student: Student, examples: list[dspy.Example]) -> list[tuple[dspy.Example, Any, Any]]:
        ask = dspy.Evaluate(
            devset=examples, metric=self.metric.score, num_threads=self.job.threads, display_progress=False
        )
        return ask(student).results

    def estimate(self) -> Estimate:
        """Ask the first training questions, and say from their cost what the whole will use.

        Raises:
            CopeError: when no answer can be read, or the budget does not allow the optimizer's smallest step.
            dspy.LMError: when a model cannot be reached.
        """
        try:
            with self._stage(), quiet(self.folder / "optimizer.log"):
                answers = [prediction for _, prediction, _ in self._ask(self.job.student, self.splits.train[:PILOT])]
        except Failed as failed:
            raise failed.error from failed
        except BudgetSpent as empty:
            raise CopeError(
                f"{empty} by the first few questions, so it is too small for one step of {self.optimizer.name}: give more"
            ) from None
        check_pilot(answers)
        usages = [prediction.usage for prediction in answers if prediction]
        costs = self._costs = per_question(usages)
        self._fit(costs)
        check_budget(self.optimizer, self.job, self.session.purse, costs)
        questions, proposals = self.optimizer.runs(self.job)
        first = len(self.splits.val)
        plain = first if self.optimizer.demonstrates and self.job.demos else None
        return estimate(costs, questions + first, proposals, self.job.demos, plain, written_share(usages))

    def _fit(self, costs: Sequence[Spending]) -> None:
        """How many questions the budget allows beside the two validations of before and after."""
        shares = []
        for name, bound in self.session.purse.budget.bounds().items():
            each = [getattr(cost, name) or 0 for cost in costs]
            if sum(each):
                shares.append(bound * len(each) / sum(each))
        if shares:
            self.job.runs = max(0, int(min(shares)) - 2 * len(self.splits.val))

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
        spent = self.session.purse.spent
        begun = Spending().plus(spent)
        try:
            with self._stage():
                self.evaluate(student, self.splits.val)
        except BudgetSpent as empty:
            raise CopeError(f"{empty} before the program was validated once: give more") from None
        before = self.session.see(student)
        self.metric.reference = before.mean(self.session.candidates.valkeys, before.large_tokens)
        stopped, made = None, None
        reserve = validation(len(self.splits.val), spent.minus(begun), self._costs)
        try:
            with self.session.purse.keeping_back(reserve), self._stage():
                made = self._optimize()
        except BudgetSpent as empty:
            stopped = str(empty)
        except CopeError:
            raise
        except Exception as error:  # DSPy's optimizers let through what their proposals and libraries raise
            traceback.print_exc()  # to the folder's log
            stopped = failure(self.optimizer.name, error)
        try:
            with self._stage():
                for candidate in self._finalists(made, before):
                    self.evaluate(candidate, self.splits.val)
        except BudgetSpent as empty:
            stopped = stopped or str(empty)
        return self._outcome(before, stopped)

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
        elif made is None and (best := self.session.candidates.promising(before)):
            states.append(best.state)
        return [self.job.student.with_state(state) for state in states]

    def _worth(self, candidate: Candidate) -> tuple[float, float, float]:
        """What is chosen by: the objective, then fewer tokens of the large tier, then fewer tokens."""
        keys = self.session.candidates.valkeys
        values = [self.metric.worth(candidate.scores[key], candidate.large_tokens[key]) for key in keys]
        return (
            sum(values) / len(values),
            -candidate.mean(keys, candidate.large_tokens),
            -candidate.mean(keys, candidate.tokens),
        )

    def _outcome(self, before: Candidate, stopped: str | None) -> Compiled:
        candidates: Candidates = self.session.candidates
        after = max(candidates.whole(), key=lambda candidate: (*self._worth(candidate), -candidate.number))
        if self._worth(after)[0] <= self._worth(before)[0] and (
            self.objective == "accuracy" or self._worth(after) <= self._worth(before)
        ):
            after = before
        keys = candidates.valkeys
        made = Compiled(
            program=with_prompts(self.program, after.state), before=Scores.of(before, keys), after=Scores.of(after, keys),
            improved=after is not before,
            frontier=[(with_prompts(self.program, c.state), Scores.of(c, keys)) for c in candidates.frontier()],
            candidates=list(candidates), spent=self.session.purse.spent, stopped=stopped,
        )  # fmt: skip
        return replace(made, provenance=self._about(made))

    def _about(self, made: Compiled) -> dict[str, Any]:
        """What a program file says of how it came about."""
        program, spent = self.program, vars(made.spent)
        return {
            "optimizer": self.optimizer.name,
            "models": {tier: program.team[tier].model for tier in program.preset.tiers}
            | {"proposer": self.proposer.model},
            "splits": self.splits.as_dict(),
            "scores": {"before": made.before.as_dict(), "after": made.after.as_dict()},
            "budget": {name: round(value, 1) if isinstance(value, float) else value for name, value in spent.items()},
            "rows": self.splits.rows(),
        }

    def close(self) -> None:
        """Close the files of the folder."""
        self.session.close()
