"""Evaluate programs on questions in parallel during a compile."""

from dataclasses import dataclass

import dspy

from .metric import Metric
from .session import CompileSession
from .splits import example_fingerprint
from .student import Student


@dataclass(frozen=True)
class ProgramEvaluator:
    """Evaluate programs on questions.

    Attributes:
        metric: scores an answer.
        session: records the scores by candidate and question.
        num_threads: questions in parallel.
    """

    metric: Metric
    session: CompileSession
    num_threads: int

    def evaluate(
        self, student: Student, examples: list[dspy.Example]
    ) -> list[tuple[dspy.Example, dspy.Prediction, float]]:
        """Return example, prediction and score of each question.

        A question that fails has an empty prediction.
        """
        evaluate = dspy.Evaluate(
            devset=examples,
            metric=self.metric.score,
            num_threads=self.num_threads,
            display_progress=False,
        )
        return evaluate(student).results

    def scores(self, student: Student, examples: list[dspy.Example]) -> list[float]:
        """Return the score of each question.

        A question on which a model fails is repeated once; if it fails again, it is wrong.
        """
        self.evaluate(student, examples)
        candidate = self.session.register_candidate(student)
        keys = [example_fingerprint(example) for example in examples]
        if not candidate.reject_reason:
            failed = []
            for key, example in zip(keys, examples, strict=True):
                if key not in candidate.scores:
                    failed.append(example)
            if failed:
                self.evaluate(student, failed)
        for key in keys:
            if key not in candidate.scores:
                self.session.record_score(candidate.id, key, 0.0, 0, 0)
        return [candidate.scores[key] for key in keys]
