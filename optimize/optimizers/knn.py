"""KNN few-shot: every question is shown the program's right answers to the training questions most like it."""

from dspy.teleprompt import BootstrapFewShot

from ...programs.demonstrations import KNNDemos
from ...programs.demos import visible_fields
from ..compiler.student import Student
from .base import OptimizerContext
from .few_shot import BootstrapFewShotOptimizer, answer_trainset


class KNNFewShotOptimizer(BootstrapFewShotOptimizer):
    """Right answers of the program itself, kept with it, the nearest shown to each question.

    DSPy's KNNFewShot looks for them anew at every question that is answered, by asking a teacher, and cannot be saved. Here
    the training questions are asked once.
    """

    name = "knn-few-shot"
    description = (
        "demonstrations: for every question the program's right answers to those most like it"
    )

    def compile(self, context: OptimizerContext) -> Student:
        answer_trainset(context)
        optimizer = BootstrapFewShot(
            metric=context.metric.is_correct,
            max_bootstrapped_demos=len(context.trainset),
            max_labeled_demos=0,
        )
        right = optimizer.compile(context.student, trainset=context.trainset)
        # Fewer, when with the longest ones a prompt would not fit.
        made = context.student
        for k in range(context.demos, 0, -1):
            made = self._showing(right, k)
            if not context.student.session.register_candidate(made).reject_reason:
                break
        return made

    def _showing(self, right: Student, k: int) -> Student:
        """The program with all that it did right as neighbours, in place of demonstrations that are always shown."""
        made = right.deepcopy()
        made._compiled = False
        for name, predict in made.named_parameters():
            if demos := visible_fields(predict):
                made.knn_demos[name] = KNNDemos(k, demos)
                predict.demos = []
        return made


OPTIMIZER = KNNFewShotOptimizer()
