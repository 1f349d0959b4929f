"""KNN few-shot: demonstrations are the program's correct answers nearest to each question."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...programs.demonstrations import KNNDemos
from ...programs.demos import visible_fields
from ...programs.task_signature import INPUTS
from ..compiler.student import Student
from .base import OptimizerContext, solved_rows
from .few_shot import BootstrapFewShotOptimizer
from .solved_games import solved_games


class KNNFewShotOptimizer(BootstrapFewShotOptimizer):
    """Save the program's correct answers with it, and show each question the nearest ones.

    DSPy's KNNFewShot asks a teacher again for every question that is answered, and cannot be saved.
    Here the training questions are answered once.
    """

    name = "knn-few-shot"
    description = (
        "demonstrations: for every question the program's right answers to those most like it"
    )

    learns_from_games = False

    def compile(self, context: OptimizerContext) -> Student:
        student = context.student
        rows = [dict(row) for row in context.trainset]
        bootstrapped = student
        if any(
            solved_rows(student, name, ()) is None and solved_games(predict, ()) is None
            for name, predict in student.named_parameters()
        ):
            bootstrapped = self._bootstrap(context, len(context.trainset))
        # With the longest demonstrations a prompt may not fit, and then fewer are tried.
        for k in range(context.demos, 0, -1):
            student = _with_nearest(bootstrapped, k, rows)
            if not context.student.session.register_candidate(student).reject_reason:
                break
        return student


def _with_nearest(bootstrapped: Student, k: int, rows: list[dict[str, Any]]) -> Student:
    """Return the program with its demonstrations chosen for each question, `k` at a time.

    Args:
        bootstrapped: the program with the right answers that it gave.
        k: number of demonstrations for each question.
        rows: the training questions with their solutions, for plans that show those.
    """
    student = bootstrapped.deepcopy()
    student._compiled = False
    for name, predict in student.named_parameters():
        games = solved_games(predict, rows)
        demos = solved_rows(student, name, rows) if games is None else games
        if demos is None:
            demos = with_questions(visible_fields(predict), rows)
        if demos:
            student.knn_demos[name] = KNNDemos(k, demos, by_task=games is not None)
            predict.demos = []
    return student


def with_questions(
    demos: Sequence[dict[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return demonstrations with the question by which they are found.

    Prompts of several inputs show no question. It is that of the training question with the same
    inputs, so that a training question is never shown its own answer.

    Args:
        demos: the fields of demonstrations.
        rows: the training questions.

    >>> rows = [{"question": "Who?", "task_inputs": {"text": "Ann runs."}}]
    >>> with_questions([{"text": "Ann runs.", "answer": "Ann"}], rows)[0]["question"]
    'Who?'
    """
    found = []
    for demo in demos:
        question = demo.get("question") or _question_of(demo, rows)
        if question is not None:
            found.append({"question": question} | demo)
    return found


def _question_of(demo: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the training question whose inputs a demonstration shows; None without one."""
    for row in rows:
        inputs = row.get(INPUTS) or {}
        shown = {name: value for name, value in inputs.items() if name in demo}
        if shown and all(demo[name] == value for name, value in shown.items()):
            return str(row["question"])
    return None


OPTIMIZER = KNNFewShotOptimizer()
