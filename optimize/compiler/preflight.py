"""Pre-flight checks of a compile.

Each check raises a CopeError that says how to fix the problem, before any paid call is made.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import dspy

from ...errors import CopeError, first_line
from ...models import Usage
from ...models.budget import Budget, BudgetGuard, format_bound
from ...models.lm import TierLM
from ...programs import Cascade
from ..optimizers.base import Optimizer, OptimizerContext
from .estimate import min_calls_per_question
from .metric import Judge
from .proposer import PROPOSER_TIER
from .session import proposer_unavailable
from .splits import Splits, example_fingerprint

MIN_SPLIT_SIZE = {"train": 4, "val": 4}
"""Minimum number of questions of a split: with fewer, chance decides."""


def check_data(splits: Splits) -> None:
    """Raise a CopeError when a split is too small, or a question is in both."""
    for name, minimum in MIN_SPLIT_SIZE.items():
        size = len(getattr(splits, name))
        if size < minimum:
            raise CopeError(
                f"the {name} split has {size} questions, and {minimum} are the least: give more "
                f"with --{name}"
            )
    train = {example_fingerprint(example) for example in splits.train}
    both = train & {example_fingerprint(example) for example in splits.val}
    if both:
        raise CopeError(
            f"{len(both)} questions are in train and val: a choice needs questions that were not "
            "learned from"
        )


def check_scorer(judge: Judge, splits: Splits) -> None:
    """Raise a CopeError when the first right answers of a split are all scored as wrong."""
    for name in ("train", "val"):
        if not any(_is_right(judge, example, name) for example in getattr(splits, name)[:5]):
            raise CopeError(
                f"the metric never says right: it scores the {name} split's own answers below 1, "
                "so no optimizer can learn from it; correct the metric, or the answers"
            )


def _is_right(judge: Judge, example: dspy.Example, name: str) -> bool:
    if getattr(example, "answer", None) is None:
        raise CopeError(
            f"a question of the {name} split has no answer: every row needs question and answer"
        )
    return judge(example, example.answer).value >= 1


def check_prices(program: Cascade, proposers: Sequence[TierLM], budget: Budget) -> None:
    """Raise a CopeError when the budget bounds money and a model has no price.

    Args:
        program: the program with its tiers.
        proposers: the models that propose; empty for an optimizer without proposals.
        budget: the bounds.
    """
    if budget.usd is None:
        return
    models = [(name, program.team[name].lm) for name in program.preset.tiers]
    models += [(PROPOSER_TIER, lm) for lm in proposers]
    unpriced = {name: lm.model for name, lm in models if lm.price_of(1, 1, 1.0) is None}
    if unpriced:
        options = " and ".join(f"--price {name}=IN/OUT" for name in unpriced)
        named = ", ".join(f"{name} is {model}" for name, model in unpriced.items())
        raise CopeError(
            f"a budget in USD needs prices: give {options}, in USD per million tokens ({named})"
        )


def ping_proposer(proposer: TierLM) -> None:
    """Ask the proposer a tiny question, before money is spent on the rest.

    Raises:
        CopeError: when it does not reply.
    """
    try:
        proposer("Reply with one word: ready.", max_tokens=16)
    except dspy.LMError as error:
        raise proposer_unavailable(str(proposer.model), first_line(error, 300)) from error


def check_pilot(predictions: Sequence[dspy.Prediction], error: str | None = None) -> None:
    """Raise a CopeError when no question of the pilot has an answer.

    Args:
        predictions: the predictions; empty ones for questions that failed.
        error: why the first question failed; None when none did.
    """
    for prediction in predictions:
        if getattr(prediction, "answer", None) is not None:
            return
    why = error or "no reply held an answer that could be read"
    for prediction in predictions:
        if prediction and prediction.get("refused"):
            raise CopeError(f"the program answers nothing: {prediction.refused}")
    raise CopeError(
        f"the program answers nothing: {why}; try another --adapter, more --max-tokens or another "
        "model"
    )


def check_calls(
    optimizer: Optimizer, context: OptimizerContext, budget: Budget, last: int | None
) -> None:
    """Raise a CopeError when the budget's calls are too few, whatever the models reply.

    Rounds before the first compiled one run once for each question, so questions that they decide
    are free later.

    Args:
        optimizer: the optimizer.
        context: the compile.
        budget: the bounds.
        last: the last round that a surrogate runs; None without one.
    """
    if budget.calls is None:
        return
    each = min_calls_per_question(context.student, last)
    repeats_first = any(name.startswith("round_1.") for name in context.student.trainable)

    def needed(part: OptimizerContext) -> float:
        questions = len(part.valset)
        if repeats_first:
            questions += optimizer.min_questions(part)
        return each * questions

    if needed(context) > budget.calls:
        raise _too_small(optimizer, context, "calls", budget.calls, needed, "at least")


def check_budget(
    optimizer: Optimizer, context: OptimizerContext, guard: BudgetGuard, pilot: Sequence[Usage]
) -> None:
    """Raise a CopeError when the budget is too small for a validation and the smallest step.

    Args:
        optimizer: the optimizer.
        context: the compile.
        guard: the budget.
        pilot: what each question of the pilot used.
    """
    for name, bound in guard.budget.bounds().items():
        used = [usage.totals()[name] for usage in pilot]
        if None in used:
            # All models have a price now, so these calls are of an earlier attempt without one.
            raise CopeError(
                "a budget in USD needs prices, and calls of an earlier attempt have none: start "
                "again with --fresh, or leave out --budget-usd"
            )
        mean = sum(used) / len(used)

        def needed(part: OptimizerContext, mean: float = mean) -> float:
            return mean * (len(part.valset) + optimizer.min_questions(part))

        if needed(context) > bound:
            raise _too_small(optimizer, context, name, bound, needed, "some")


def _too_small(
    optimizer: Optimizer,
    context: OptimizerContext,
    name: str,
    bound: float,
    needed: Callable[[OptimizerContext], float],
    about: str,
) -> CopeError:
    """Return the error for a too small budget, with a budget or a split size that works."""
    whole = needed(context)
    amount = _dollars(whole) if name == "usd" else f"{math.ceil(whole):,}"
    answers = len(context.valset) + optimizer.min_questions(context)
    return CopeError(
        f"{format_bound(bound)} {name} are too few for one step of {optimizer.name}: it needs "
        f"{about} {amount} ({answers} answers); give {_budget_option(name, whole)}"
        f"{_fewer_questions(context, bound, needed)}"
    )


def _fewer_questions(
    context: OptimizerContext, bound: float, needed: Callable[[OptimizerContext], float]
) -> str:
    """Return advice on fewer questions, if the budget is enough for these."""
    for count in range(len(context.valset) - 1, MIN_SPLIT_SIZE["val"] - 1, -1):
        if needed(replace(context, valset=context.valset[:count])) <= bound:
            return f", or --val {count}"
    trainset = context.trainset[: MIN_SPLIT_SIZE["train"]]
    valset = context.valset[: MIN_SPLIT_SIZE["val"]]
    if needed(replace(context, trainset=trainset, valset=valset)) <= bound:
        return ", or smaller --train and --val"
    return ""


def _budget_option(name: str, value: float) -> str:
    """Return the option that sets a budget."""
    if name == "usd":
        return f"--budget-usd {_dollars(value)}"
    if name == "seconds":
        return f"--budget-minutes {math.ceil(value / 6) / 10:g}"
    return f"--budget-{name} {math.ceil(value)}"


def _dollars(value: float) -> str:
    """Return USD with two significant digits, rounded up."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.ceil(value / unit) * unit:.2g}"
