"""The progress of an evaluation as text."""

from collections import Counter
from collections.abc import Iterable

from ...models.cost import CostBounds
from .store import QuestionResult
from .summary import spent_cost


class EvaluationProgress:
    """Add up results as they are made, and describe them in one line.

    Args:
        stages: the number of the system's stages.
        results: the results of an earlier attempt.
    """

    def __init__(self, stages: int, results: Iterable[QuestionResult] = ()) -> None:
        self._stages = stages
        self._answered_by: Counter[int | None] = Counter()
        self._scores: list[float | None] = []
        self._errors = 0
        self._spent = CostBounds()
        for result in results:
            self.add(result)

    def add(self, result: QuestionResult) -> None:
        """Count a result."""
        self._spent += spent_cost([result])
        if result.error is not None:
            self._errors += 1
            return
        self._answered_by[result.round] += 1
        self._scores.append(result.score)

    @property
    def done(self) -> int:
        """The number of results."""
        return len(self._scores) + self._errors

    def text(self) -> str:
        """Return the accuracy, the share of each stage, the cost and the errors so far.

        >>> progress = EvaluationProgress(stages=2)
        >>> progress.text()
        'waiting for the first answer'
        >>> progress.add(QuestionResult("k", "1", "1 + 1?", "2", "2", score=1.0, round=1, usd=0.5))
        >>> progress.text()
        'accuracy 100.0%  rounds 100%/0%  $0'
        """
        answered = len(self._scores)
        if not answered:
            return "waiting for the first answer"
        known = [score for score in self._scores if score is not None]
        accuracy = f"{sum(known) / answered:.1%}" if len(known) == answered else "unknown"
        parts = [f"accuracy {accuracy}"]
        if self._stages > 1:
            shares = (self._answered_by[n] / answered for n in range(1, self._stages + 1))
            parts.append(f"rounds {'/'.join(f'{share:.0%}' for share in shares)}")
        if self._spent.cell != "unknown":
            parts.append(self._spent.cell)
        if self._errors:
            parts.append(f"{self._errors} errors")
        return "  ".join(parts)
