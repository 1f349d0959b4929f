"""Blueprint: one plan for all questions of a task, in the best of several styles (2506.08669)."""

from collections.abc import Iterator
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError, ContextWindowExceededError

from ...errors import CopeError
from ...models.adapter import LeanAdapter
from ...programs.plans.examples import row_solution
from ...util.text import shorten
from ..compiler.student import Student
from .base import Optimizer, OptimizerContext, planned_predictors, search_in_turn
from .gepa import max_instruction_chars

_ROWS = 6  # solved questions that the proposer sees: more do not fit a small context
_MAX_CHARS = 600  # of a question or a solution

STYLES = (
    "numbered steps",
    "a checklist to go through before answering",
    "rules of the form: if ..., then ...",
    "the usual mistakes, and how to avoid each",
    "the outline of a solution with placeholders",
    "one short paragraph",
)
"""The forms in which a blueprint is proposed: which one helps depends on the reasoner."""


class WriteBlueprint(dspy.Signature):
    """Solved questions of one kind follow. Write a plan that helps a weaker solver with every question of this kind: how such questions are read, solved and answered, in at most 100 words. Name no single question, number or result."""  # noqa: E501

    solved: str = dspy.InputField(desc="solved questions")
    style: str = dspy.InputField(desc="the form of the plan")
    blueprint: str = dspy.OutputField(desc="the plan for all questions of this kind")


class BlueprintOptimizer(Optimizer):
    """Propose a blueprint in each style, and keep the one with the best validation score.

    The reasoners answer the validation questions with it, so that it suits the small model and not
    the one that wrote it. At run time a blueprint costs no call.
    """

    name = "blueprint"
    description = "the text of blueprint plans: written from solved questions in several styles"
    changes_instructions = True
    learns_from_games = False

    def min_questions(self, context: OptimizerContext) -> int:
        return 2 * len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        count = context.num_candidates(len(STYLES))
        return count * len(context.valset), count * len(blueprint_predictors(context.student))

    def compile(self, context: OptimizerContext) -> Student:
        def variants(base: Student, name: str) -> Iterator[Student]:
            for blueprint in _proposals(context):
                yield _with_blueprint(base, name, blueprint)

        return search_in_turn(context, blueprint_predictors(context.student), variants)


def blueprint_predictors(student: Student) -> list[str]:
    """Return the names of the predictors whose instructions are a plan.

    Raises:
        CopeError: when there is none.
    """
    found = planned_predictors(student, "planner", lambda kind: kind.is_constant)
    if not found:
        raise CopeError(
            "the optimizer blueprint needs a round with a plan of kind blueprint: give a preset "
            'with plan = "blueprint", such as cope-blueprint'
        )
    return found


def _proposals(context: OptimizerContext) -> Iterator[str]:
    """Yield a blueprint for each style; proposals that cannot be used are counted."""
    stats = context.student.session.proposal_stats
    limit = max_instruction_chars(context)
    solved = _solved_questions(context)
    write = dspy.Predict(WriteBlueprint)
    for style in STYLES[: context.num_candidates(len(STYLES))]:
        blueprint = ""
        try:
            with dspy.context(lm=context.proposer, adapter=LeanAdapter()):
                blueprint = str(write(solved=solved, style=style).blueprint).strip()
        except (ValueError, AdapterParseError):
            pass
        except ContextWindowExceededError:  # counted as a failed request
            continue
        if blueprint and "```" not in blueprint and len(blueprint) <= limit:
            yield blueprint
        else:
            stats.num_unused += 1


def _solved_questions(context: OptimizerContext) -> str:
    parts = []
    for row in context.trainset[:_ROWS]:
        question, solution = str(row.get("question") or ""), row_solution(dict(row))
        if question and solution:
            shown = f"Solution: {shorten(solution, _MAX_CHARS)}"
            parts.append(f"Question: {shorten(question, _MAX_CHARS)}\n{shown}")
    return "\n\n".join(parts)


def _with_blueprint(student: Student, name: str, blueprint: str) -> Student:
    candidate = student.deepcopy()
    for found, predict in candidate.named_parameters():
        if found == name:
            signature: Any = predict.signature  # DSPy types it as an instance; it is a class
            predict.signature = signature.with_instructions(blueprint)
    return candidate


OPTIMIZER = BlueprintOptimizer()
