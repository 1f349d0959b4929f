"""A surrogate of the program: the compiled rounds only, on the questions that reach them."""

from dataclasses import replace
from typing import Any

import dspy

from ...errors import CopeError
from ...programs import Cascade
from ...programs.predictor_name import PredictorName
from ..optimizers.base import Optimizer, OptimizerContext
from .candidates import CandidatePool
from .prompts import prompt_state
from .splits import example_fingerprint
from .student import Student


class Surrogate:
    """Compile some predictors at the cost of their own rounds.

    The rounds before the first compiled one are frozen and answered from the cache. A question that
    they decide is left out, because no compiled predictor can change its answer. The rounds after
    the last compiled one do not run: the leading answer of the last compiled round is scored.

    Args:
        program: the whole cascade.
        names: the compiled predictors.

    Raises:
        CopeError: when the surrogate would leave nothing out.

    Attributes:
        first_round: the first compiled round.
        last_round: the last compiled round.
        best_states: the best prompts, to be evaluated on the whole program.
    """

    def __init__(self, program: Cascade, names: list[str]) -> None:
        numbers = [PredictorName.parse(name).round for name in names]
        self.first_round, self.last_round = min(numbers), max(numbers)
        if (self.first_round, self.last_round) == (1, len(program.preset.rounds)):
            raise CopeError(
                "a surrogate leaves out nothing here, since both the first and the last round are "
                "compiled: say what is compiled with --only, or do without --surrogate"
            )
        self.best_states: list[dict[str, Any]] = []

    def compile(self, optimizer: Optimizer, context: OptimizerContext) -> None:
        """Run the optimizer on the surrogate, and set `best_states`."""
        student = context.student.deepcopy()
        student.last_round = self.last_round
        session = context.student.session
        trainset = self._questions_reaching(student, context, context.trainset)
        valset = self._questions_reaching(student, context, context.valset)
        if len(trainset) < 2 or len(valset) < 2:
            return  # almost no question reaches the compiled rounds
        part = replace(context, student=student, trainset=trainset, valset=valset)
        pool = CandidatePool([example_fingerprint(example) for example in valset])
        with session.with_candidates(pool):
            try:
                # The program is scored before and after on the questions of the surrogate.
                part.evaluate(student, valset)
                compiled = optimizer.compile(part)
                if compiled is not None:
                    part.evaluate(student.with_state(prompt_state(compiled)), valset)
            finally:
                self.best_states = [candidate.state for candidate in pool.fully_evaluated()[:2]]

    def _questions_reaching(
        self, student: Student, context: OptimizerContext, rows: list[dspy.Example]
    ) -> list[dspy.Example]:
        """Return the questions that reach the compiled rounds."""
        if self.first_round == 1:
            return rows
        last_rounds: dict[str, int] = {}

        def record_round(
            example: dspy.Example, prediction: dspy.Prediction, trace: object = None
        ) -> float:
            last_rounds[example_fingerprint(example)] = prediction.round
            return 0.0

        evaluate = dspy.Evaluate(
            devset=rows,
            metric=record_round,
            num_threads=context.num_threads,
            display_progress=False,
        )
        evaluate(student)
        reaching = []
        for row in rows:
            if last_rounds.get(example_fingerprint(row), 0) >= self.first_round:
                reaching.append(row)
        return reaching
