"""KNN few-shot: every question is shown the program's right answers to the training questions most like it."""

from dspy.teleprompt import BootstrapFewShot

from ...programs.demonstrations import KNNDemos
from ...programs.demos import visible_fields
from ..compiler.student import Student
from .base import Job
from .few_shot import BootstrapDemos, harvest


class NearestDemos(BootstrapDemos):
    """Right answers of the program itself, kept with it, the nearest shown to each question.

    DSPy's KNNFewShot looks for them anew at every question that is answered, by asking a teacher, and cannot be saved. Here
    the training questions are asked once.
    """

    name = "knn-few-shot"
    description = (
        "demonstrations: for every question the program's right answers to those most like it"
    )

    def compile(self, job: Job) -> Student:
        harvest(job)
        optimizer = BootstrapFewShot(
            metric=job.metric.right, max_bootstrapped_demos=len(job.trainset), max_labeled_demos=0
        )
        right = optimizer.compile(job.student, trainset=job.trainset)
        # Fewer, when with the longest ones a prompt would not fit.
        made = job.student
        for k in range(job.demos, 0, -1):
            made = self._showing(right, k)
            if not job.student.session.see(made).refused:
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


OPTIMIZER = NearestDemos()
