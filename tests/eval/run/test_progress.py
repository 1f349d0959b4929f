"""The one line about an evaluation that runs."""

import pytest

from cope.eval.run.progress import EvaluationProgress
from cope.eval.run.store import QuestionResult


def result(**fields: object) -> QuestionResult:
    return QuestionResult("k", "1", "1 + 1?", "2", **{"score": 1.0, "round": 1} | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stages", "results", "text"),
    [
        (2, [], "waiting for the first answer"),
        (2, [result(error="no server", score=None)], "waiting for the first answer"),
        (1, [result(), result(score=0.0)], "accuracy 50.0%  $0"),
        (2, [result(), result(round=2)], "accuracy 100.0%  rounds 50%/50%  $0"),
        (2, [result(), result(round=None)], "accuracy 100.0%  rounds 50%/0%  $0"),
        (1, [result(), result(score=None)], "accuracy unknown  $0"),
        (1, [result(), result(error="no server", score=None)], "accuracy 100.0%  $0  1 errors"),
    ],
)
def test_the_line(stages: int, results: list[QuestionResult], text: str):
    progress = EvaluationProgress(stages, results)
    assert (progress.text(), progress.done) == (text, len(results))


def test_results_of_an_earlier_attempt_count_like_new_ones():
    earlier, new = [result(score=0.0)], result()
    progress = EvaluationProgress(1, earlier)
    progress.add(new)
    assert progress.text() == EvaluationProgress(1, [*earlier, new]).text()
