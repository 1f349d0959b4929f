"""What an optimizer is given, and the seam for new ones."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import dspy

from ...errors import first_line
from ...programs.domains.registry import domain_by_name
from ..compiler.metric import Metric
from ..compiler.student import Student


@dataclass
class OptimizerContext:
    """One compile, as an optimizer sees it.

    Attributes:
        student: the program with its prompts as they are; optimizers copy it.
        trainset: questions to learn from, with the field names that the program's predictors have.
        valset: questions to choose by.
        metric: scores, with and without words.
        proposer: the model that writes instructions.
        max_questions: how many questions the budget lets a program answer, about; None without a budget.
        num_threads: questions side by side.
        demos: the most demonstrations of a predictor.
        seed: of the optimizer.
        evaluate: scores a program on the validation questions, all or some of them.
        chain: the optimizers of a chain, by name.
    """

    student: Student
    trainset: list[dspy.Example]
    valset: list[dspy.Example]
    metric: Metric
    proposer: dspy.LM
    max_questions: int | None
    num_threads: int
    demos: int
    seed: int
    evaluate: Callable[[Student, list[dspy.Example]], list[float]]
    chain: tuple[str, ...] = ()

    @property
    def num_predictors(self) -> int:
        """How many predictors are compiled."""
        return len(self.student.predictors())

    def num_candidates(
        self, default: int, minimum: int = 2, questions_each: int | None = None
    ) -> int:
        """How many candidates the budget allows, at most the usual number.

        Args:
            default: without a budget.
            minimum: never fewer.
            questions_each: questions that one candidate is asked; the validation set's by default.
        """
        if self.max_questions is None:
            return default
        return max(
            minimum,
            min(
                default, math.floor(self.max_questions / max(1, questions_each or len(self.valset)))
            ),
        )


class Optimizer(Protocol):
    """One of DSPy's optimizers, adapted to programs whose rounds run on different tiers.

    A subclass in a file of its own is an optimizer as soon as an entry point of the group `cope.optimizers` names an
    object of it.

    Attributes:
        name: as users give it.
        description: what it changes, in a few words.
        learns_from_failures: whether it learns from failures, so that it is shown the rounds that accepted no answer.
        adds_demos: whether it, or one of several in a chain, adds demonstrations to prompts.
        changes_instructions: whether it, or one of several in a chain, changes instructions.
        default_chain: the optimizers that it runs one after the other where the user names none; empty where it takes
            no chain.
    """

    name: str
    description: str
    learns_from_failures: bool = False
    adds_demos: bool = False
    changes_instructions: bool = False
    default_chain: tuple[str, ...] = ()

    def min_questions(self, context: OptimizerContext) -> int:
        """Return how many questions programs must answer for its smallest step, the first validation apart."""
        ...

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        """Return about how many questions programs will answer, and how many calls the proposing model will get."""
        ...

    def compile(self, context: OptimizerContext) -> Student | None:
        """Return the improved program; None where the session alone knows what was tried."""
        ...


class ChainStepError(Exception):
    """A step of a chain of optimizers failed, for the reason that is its cause; what was scored before it is known.

    Args:
        number: of the step, from 1.
        name: its optimizer's.
    """

    def __init__(self, number: int, name: str) -> None:
        super().__init__(f"step {number}, {name}")


def failure_message(name: str, error: BaseException) -> str:
    """What an optimizer failed on, in a line.

    >>> failure("copro", ValueError("no ideas"))
    'copro failed (ValueError: no ideas)'
    """
    step = ""
    if isinstance(error, ChainStepError):
        step, error = f" in {error}", error.__cause__ or error
    return f"{name} failed{step} ({type(error).__name__}: {first_line(error)})"


def visible_example(example: dspy.Example, student: Student) -> dspy.Example:
    """A training row as optimizers, and the models that propose, see it.

    Its answer has the name that reasoners write it to. What only the metric knows, such as hidden tests, is left out, so
    that no prompt can quote it.
    """
    row = domain_by_name(student.domain).demonstration(example)
    signatures: list[Any] = [
        predict.signature for _, predict in dspy.Module.named_parameters(student)
    ]
    names = {
        "answer",
        *example.inputs().keys(),
        *(name for signature in signatures for name in signature.fields),
    }
    return dspy.Example(
        **{name: value for name, value in row.items() if name in names}
    ).with_inputs(*example.inputs().keys())
