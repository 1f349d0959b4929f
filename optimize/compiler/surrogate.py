"""A surrogate of the program: only the rounds that what is compiled can change, on the questions that reach them."""

from dataclasses import replace
from typing import Any

import dspy

from ...errors import CopeError
from ...programs import Cascade
from ...programs.predictor_name import PredictorName
from ..optimizers.base import Optimizer, OptimizerContext
from .candidates import CandidatePool
from .prompts import prompt_state
from .splits import question_fingerprint
from .student import Student


class Surrogate:
    """Compiles some predictors at the price of their own rounds.

    The rounds before the first compiled one are frozen and answered from what is kept; a question that they settle is
    left out, for nothing that is compiled can change it. The rounds after the last compiled one do not run: what is
    scored is the answer that the last compiled round leads with.

    Args:
        program: the whole cascade.
        names: the predictors that are compiled.

    Raises:
        CopeError: when it would leave nothing out.

    Attributes:
        best_states: the states that were found best, for the whole program to decide between.
    """

    def __init__(self, program: Cascade, names: list[str]) -> None:
        numbers = [PredictorName.parse(name).round for name in names]
        self.first_round, self.last_round = min(numbers), max(numbers)
        if (self.first_round, self.last_round) == (1, len(program.preset.rounds)):
            raise CopeError(
                "a surrogate leaves out nothing here, since both the first and the last round are compiled: say what is "
                "compiled with --only, or do without --surrogate"
            )
        self.best_states: list[dict[str, Any]] = []

    def compile(self, optimizer: Optimizer, context: OptimizerContext) -> Student | None:
        student = context.student.deepcopy()
        student.last_round = self.last_round
        session = context.student.session
        trainset = self._questions_reaching(student, context, context.trainset)
        valset = self._questions_reaching(student, context, context.valset)
        if len(trainset) < 2 or len(valset) < 2:
            return None  # hardly a question reaches what is compiled
        pool = CandidatePool([question_fingerprint(example.question) for example in valset])
        with session.with_candidates(pool):
            try:
                self._compile(
                    optimizer, replace(context, student=student, trainset=trainset, valset=valset)
                )
            finally:
                self.best_states = [candidate.state for candidate in pool.fully_evaluated()[:2]]
        return None

    def _compile(self, optimizer: Optimizer, context: OptimizerContext) -> None:
        """Compile, and score the program before and after on the questions of the context."""
        context.evaluate(context.student, context.valset)
        made = optimizer.compile(context)
        if made is not None:
            context.evaluate(context.student.with_state(prompt_state(made)), context.valset)

    def _questions_reaching(
        self, student: Student, context: OptimizerContext, rows: list[Any]
    ) -> list[Any]:
        """The questions that the compiled rounds are asked."""
        if self.first_round == 1:
            return rows
        rounds = {}

        def note(example: Any, prediction: Any, trace: Any = None) -> float:
            rounds[question_fingerprint(example.question)] = prediction.round
            return 0.0

        dspy.Evaluate(
            devset=rows, metric=note, num_threads=context.num_threads, display_progress=False
        )(student)
        return [
            row
            for row in rows
            if rounds.get(question_fingerprint(row.question), 0) >= self.first_round
        ]
