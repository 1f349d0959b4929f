"""The pilot of a compile: a few real questions from which the usage of the whole is estimated."""

from collections.abc import Sequence
from dataclasses import replace

import dspy

from ...models import Usage
from ..optimizers.base import Optimizer, OptimizerContext
from .estimate import (
    CostEstimate,
    affordable_questions,
    completion_share,
    estimate_cost,
    usage_per_question,
)
from .preflight import check_budget, check_pilot
from .splits import Splits

PILOT_QUESTIONS = 8


def pilot_questions(splits: Splits) -> list[dspy.Example]:
    """Return the first training questions; where they are steps of games, the first games too."""
    plays = any("game" in example for example in splits.val)
    if splits.trains_on_games or not plays:
        return splits.train[:PILOT_QUESTIONS]
    half = PILOT_QUESTIONS // 2
    return [*splits.train[:half], *splits.val[:half]]


def estimate_from_pilot(
    results: Sequence[tuple[dspy.Example, dspy.Prediction, float]],
    optimizer: Optimizer,
    context: OptimizerContext,
) -> tuple[CostEstimate, list[Usage]]:
    """Estimate a compile, and set how many questions the budget allows its optimizer.

    Args:
        results: example, prediction and score of each question of the pilot.
        optimizer: the optimizer.
        context: the compile; its `max_questions` is set.

    Returns:
        The estimate, and what each question of the pilot used.

    Raises:
        CopeError: when no answer could be parsed, or the budget is too small.
    """
    predictions = [prediction for _, prediction, _ in results]
    session = context.student.session
    check_pilot(predictions, session.first_error)
    usages = [prediction.usage for prediction in predictions if prediction]
    pilot = usage_per_question(usages)
    validations = len(context.valset)
    context.max_questions = affordable_questions(session.guard.budget, pilot)
    if context.max_questions is not None:
        # The program is validated before and after.
        context.max_questions = max(0, context.max_questions - 2 * validations)
    check_budget(optimizer, context, session.guard, pilot)
    questions, proposals = optimizer.estimate_cost(context)
    estimate = estimate_cost(
        pilot,
        questions + validations,
        proposals,
        context.demos,
        validations if optimizer.adds_demos and context.demos else None,
        completion_share(usages),
        context.proposer.price_of,
    )
    correct = sum(score >= 1 for _, _, score in results)
    return replace(estimate, num_correct=correct), pilot
