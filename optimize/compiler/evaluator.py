"""Asking a program questions, side by side, in a compile."""

from dataclasses import dataclass
from typing import Any

import dspy

from .metric import Metric
from .session import CompileSession
from .splits import question_fingerprint
from .student import Student


@dataclass(frozen=True)
class ProgramEvaluator:
    """Scores programs on questions.

    Attributes:
        metric: scores an answer.
        session: where scores are noted, by candidate and question.
        num_threads: questions side by side.
    """

    metric: Metric
    session: CompileSession
    num_threads: int

    def evaluate(
        self, student: Student, examples: list[dspy.Example]
    ) -> list[tuple[dspy.Example, Any, Any]]:
        """Example, prediction and score of each; what fails has an empty prediction."""
        ask = dspy.Evaluate(
            devset=examples,
            metric=self.metric.score,
            num_threads=self.num_threads,
            display_progress=False,
        )
        return ask(student).results

    def scores(self, student: Student, examples: list[dspy.Example]) -> list[float]:
        """The score of each; a question that a model failed on is asked once more, and is wrong where it fails again."""
        self.evaluate(student, examples)
        candidate = self.session.register_candidate(student)
        if failed := [
            e
            for e in examples
            if question_fingerprint(e.question) not in candidate.scores
            and not candidate.reject_reason
        ]:
            self.evaluate(student, failed)
        for example in examples:
            if question_fingerprint(example.question) not in candidate.scores:
                self.session.record_score(
                    candidate.id, question_fingerprint(example.question), 0.0, 0, 0
                )
        return [candidate.scores[question_fingerprint(example.question)] for example in examples]
