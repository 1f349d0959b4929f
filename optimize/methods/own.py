"""A DSPy optimizer that the user made: taken as it is, inside the same budget, records and choice."""

import inspect
from typing import Any

from dspy.teleprompt.bootstrap_finetune import FinetuneTeleprompter
from dspy.teleprompt.teleprompt import Teleprompter

from ...errors import CopeError
from ..job import Job
from ..student import Student


def trains_weights(name: str) -> CopeError:
    """Why an optimizer that finetunes is refused."""
    return CopeError(
        f"{name} trains a model's weights, and the engines here serve weights as they are: choose an optimizer of "
        "prompts, such as bootstrap-random-search, miprov2 or gepa"
    )


class Own:
    """An optimizer object.

    Args:
        teleprompter: it compiles a student with what its `compile` takes of trainset and valset.
    """

    words = "as the given optimizer does"
    demonstrates = True  # it may

    def __init__(self, teleprompter: Teleprompter) -> None:
        self._teleprompter = teleprompter
        self.name = type(teleprompter).__name__
        if isinstance(teleprompter, FinetuneTeleprompter):
            raise trains_weights(self.name)
        self.reflects = self.name == "GEPA"

    def least(self, job: Job) -> int:
        return len(job.valset)

    def runs(self, job: Job) -> tuple[int, int]:
        return len(job.trainset) + 4 * len(job.valset), 0

    def compile(self, job: Job) -> Student:
        takes = inspect.signature(self._teleprompter.compile).parameters
        given: dict[str, Any] = {"trainset": job.trainset, "valset": job.valset}
        compiling: Any = self._teleprompter.compile
        return compiling(job.student, **{name: rows for name, rows in given.items() if name in takes})
