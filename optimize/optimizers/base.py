"""The seam for optimizers: the `Optimizer` protocol and the context that an optimizer works in."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import dspy

from ...errors import first_line
from ...models.lm import TierLM
from ...programs.domains.registry import domain_by_name
from ...programs.module import ProgramModule
from ...programs.plan_kinds import PLAN_KINDS
from ...programs.predictor_name import PredictorName, Role
from ...signatures import PlanKind
from ..compiler.metric import Metric
from ..compiler.student import Student

Place = TypeVar("Place")


@dataclass
class OptimizerContext:
    """One compile, as an optimizer sees it.

    Attributes:
        student: the program before the compile; optimizers copy it.
        trainset: training questions, with the field names of the program's predictors.
        valset: validation questions, by which candidates are chosen.
        metric: the metric, with and without feedback.
        proposer: the model that writes instructions.
        max_questions: about how many questions programs may answer within the budget; None without
            a budget.
        num_threads: questions in parallel.
        demos: the maximum number of demonstrations of a predictor.
        seed: the optimizer's seed.
        evaluate: scores a program on some or all of the validation questions.
        chain: the names of a chain's optimizers.
    """

    student: Student
    trainset: list[dspy.Example]
    valset: list[dspy.Example]
    metric: Metric
    proposer: TierLM
    max_questions: int | None
    num_threads: int
    demos: int
    seed: int
    evaluate: Callable[[Student, list[dspy.Example]], list[float]]
    chain: tuple[str, ...] = ()

    @property
    def num_predictors(self) -> int:
        """The number of predictors that are compiled."""
        return len(self.student.predictors())

    def num_candidates(
        self, default: int, minimum: int = 2, questions_each: int | None = None
    ) -> int:
        """Return how many candidates the budget allows, at most `default`.

        Args:
            default: the number without a budget.
            minimum: the smallest number that is returned.
            questions_each: questions that one candidate answers; None for the validation set's.
        """
        if self.max_questions is None:
            return default
        each = max(1, questions_each or len(self.valset))
        return max(minimum, min(default, math.floor(self.max_questions / each)))


class Optimizer(Protocol):
    """One of DSPy's optimizers, adapted to programs whose rounds run on different tiers.

    An object of a subclass becomes an optimizer when an entry point of the group
    `cope.optimizers` names it.

    Attributes:
        name: the name that users give.
        description: a short text on what the optimizer changes.
        learns_from_failures: whether the optimizer also gets traces of rounds that accepted no
            answer.
        adds_demos: whether the optimizer, or a step of its chain, adds demonstrations to prompts.
        changes_instructions: whether the optimizer, or a step of its chain, changes instructions.
        learns_from_games: whether the questions may be games, of which the optimizer sees how they
            ended and the calls of all their steps; not for one that shows training rows, because a
            game is no step.
        default_chain: the steps of a chain for users who name none; empty for an optimizer that
            has no steps.
    """

    name: str
    description: str
    learns_from_failures: bool = False
    adds_demos: bool = False
    changes_instructions: bool = False
    learns_from_games: bool = True
    default_chain: tuple[str, ...] = ()

    def min_questions(self, context: OptimizerContext) -> int:
        """Return how many questions programs answer in the smallest step.

        The first validation is not counted.
        """
        ...

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        """Return estimates of the questions that programs answer, and of the proposer's calls."""
        ...

    def compile(self, context: OptimizerContext) -> Student | None:
        """Return the improved program; None when only the session knows the candidates."""
        ...


class ChainStepError(Exception):
    """A step of a chain failed; `__cause__` is the reason. Earlier scores are in the session.

    Args:
        number: the step's number, from 1.
        name: the name of the step's optimizer.
    """

    def __init__(self, number: int, name: str) -> None:
        super().__init__(f"step {number}, {name}")


def failure_message(name: str, error: BaseException) -> str:
    """Return one line on why an optimizer failed.

    >>> failure_message("copro", ValueError("no ideas"))
    'copro failed (ValueError: no ideas)'
    """
    step = ""
    if isinstance(error, ChainStepError):
        step = f" in {error}"
        error = error.__cause__ or error
    return f"{name} failed{step} ({type(error).__name__}: {first_line(error)})"


def visible_example(example: dspy.Example, student: Student) -> dspy.Example:
    """Return a training row as optimizers and proposers see it.

    The answer has the name of the reasoners' output field. Fields that only the metric reads, such
    as hidden tests, are removed, so that no prompt can quote them.
    """
    inputs = example.inputs().keys()
    names = {"answer", *inputs}
    for _, predict in ProgramModule.named_parameters(student):
        signature: Any = predict.signature  # DSPy types it as an instance; it is a class
        names.update(signature.fields)
    row = domain_by_name(student.domain).demonstration(example)
    visible = {name: value for name, value in row.items() if name in names}
    return dspy.Example(**visible).with_inputs(*inputs)


def plan_kind_of(student: Student, name: PredictorName) -> PlanKind | None:
    """Return the kind of the plan that a predictor's round makes; None for a round without one."""
    plan = student.preset.rounds[name.round - 1].plan
    return PLAN_KINDS[plan] if plan else None


def planned_predictors(student: Student, role: Role, fits: Callable[[PlanKind], bool]) -> list[str]:
    """Return the names of the predictors of a role whose rounds make a plan of a fitting kind."""
    found = []
    for name, _ in student.named_parameters():
        parsed = PredictorName.parse(name)
        kind = plan_kind_of(student, parsed)
        if parsed.role == role and kind is not None and fits(kind):
            found.append(name)
    return found


def search_in_turn(
    context: OptimizerContext,
    places: Sequence[Place],
    variants: Callable[[Student, Place], Iterable[Student]],
) -> Student:
    """Return the program with the best validation score, after one change at each place in turn.

    Args:
        context: the compile.
        places: what is changed, one after the other.
        variants: returns programs that differ from the best one so far at a place.
    """
    best = context.student
    highest = sum(context.evaluate(best, context.valset))
    for place in places:
        for candidate in variants(best, place):
            score = sum(context.evaluate(candidate, context.valset))
            if score > highest:
                highest, best = score, candidate
    return best


def solved_rows(
    student: Student, predictor: str, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]] | None:
    """Return training rows as demonstrations of a planner that shows solved questions.

    Args:
        student: the program.
        predictor: the name of a predictor.
        rows: training rows with the field names of the program's predictors.

    Returns:
        A question and its solution for each row that has both; None for another predictor.
    """
    name = PredictorName.parse(predictor)
    kind = plan_kind_of(student, name)
    if name.role != "planner" or kind is None or kind.from_row is None:
        return None
    demos: list[dict[str, Any]] = []
    for row in rows:
        question, solution = row.get("question"), kind.from_row(row)
        if question and solution:
            demos.append({"question": question, kind.name: solution})
    return demos
