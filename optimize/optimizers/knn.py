"""KNN few-shot: demonstrations are the program's correct answers nearest to each question."""

from ...programs.demonstrations import KNNDemos
from ...programs.demos import visible_fields
from ..compiler.student import Student
from .base import OptimizerContext
from .few_shot import BootstrapFewShotOptimizer


class KNNFewShotOptimizer(BootstrapFewShotOptimizer):
    """Save the program's correct answers with it, and show each question the nearest ones.

    DSPy's KNNFewShot asks a teacher again for every question that is answered, and cannot be saved.
    Here the training questions are answered once.
    """

    name = "knn-few-shot"
    description = (
        "demonstrations: for every question the program's right answers to those most like it"
    )

    def compile(self, context: OptimizerContext) -> Student:
        bootstrapped = self._bootstrap(context, len(context.trainset))
        student = context.student
        # With the longest demonstrations a prompt may not fit, and then fewer are tried.
        for k in range(context.demos, 0, -1):
            student = _with_nearest(bootstrapped, k)
            if not context.student.session.register_candidate(student).reject_reason:
                break
        return student


def _with_nearest(bootstrapped: Student, k: int) -> Student:
    """Return the program with its demonstrations chosen for each question, `k` at a time."""
    student = bootstrapped.deepcopy()
    student._compiled = False
    for name, predict in student.named_parameters():
        demos = visible_fields(predict)
        if demos:
            student.knn_demos[name] = KNNDemos(k, demos)
            predict.demos = []
    return student


OPTIMIZER = KNNFewShotOptimizer()
