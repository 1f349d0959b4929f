"""What is looked at before money is spent: each thing that cannot work gives one line that says what to do."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import dspy

from ...errors import CopeError, first_line
from ...models import Usage
from ...models.budget import Budget, BudgetGuard, format_bound
from ...models.lm import TierLM
from ...programs import Cascade
from ...programs.cascade_round import CascadeRound
from ...programs.demos import usable_demos
from ...programs.predictor_name import ROLES, PredictorName, Role
from ..optimizers.base import Optimizer, OptimizerContext
from .estimate import min_calls_per_question
from .metric import Judge
from .proposer import PROPOSER_TIER
from .session import proposer_unavailable
from .splits import Splits, question_fingerprint

MIN_SPLIT_SIZE = {"train": 4, "val": 4}
"""Fewest questions of a split: with fewer, chance decides."""


def check_data(splits: Splits) -> None:
    """Raise a CopeError when a split is too small, or a question is in both."""
    for name, least in MIN_SPLIT_SIZE.items():
        if len(rows := getattr(splits, name)) < least:
            raise CopeError(
                f"the {name} split has {len(rows)} questions, and {least} are the least: give more with --{name}"
            )
    both = {question_fingerprint(e.question) for e in splits.train} & {
        question_fingerprint(e.question) for e in splits.val
    }
    if both:
        raise CopeError(
            f"{len(both)} questions are in train and val: a choice needs questions that were not learned from"
        )


def check_scorer(judge: Judge, splits: Splits) -> None:
    """Raise a CopeError when the right answers themselves are scored as wrong: then nothing could ever be right."""
    for name in ("train", "val"):
        if not any(_is_right(judge, example, name) for example in getattr(splits, name)[:5]):
            raise CopeError(
                f"the metric never says right: it scores the {name} split's own answers below 1, so no optimizer can learn "
                "from it; mend the metric, or the answers"
            )


def _is_right(judge: Judge, example: dspy.Example, name: str) -> bool:
    if getattr(example, "answer", None) is None:
        raise CopeError(
            f"a question of the {name} split has no answer: every row needs question and answer"
        )
    return judge(example, example.answer).value >= 1


def check_prices(program: Cascade, proposers: Sequence[TierLM], budget: Budget) -> None:
    """Raise a CopeError when money is budgeted and a model has no price.

    Args:
        program: its tiers are asked.
        proposers: the models that propose; none where nothing is proposed.
        budget: the bounds.
    """
    if budget.usd is None:
        return
    models = [(name, program.team[name].lm) for name in program.preset.tiers] + [
        (PROPOSER_TIER, lm) for lm in proposers
    ]
    if lacking := {name: lm.model for name, lm in models if lm.price_of(1, 1, 1.0) is None}:
        raise CopeError(
            "a budget in USD needs prices: give "
            + " and ".join(f"--price {name}=IN/OUT" for name in lacking)
            + f", in USD per million tokens ({', '.join(f'{name} is {model}' for name, model in lacking.items())})"
        )


def ping_proposer(proposer: TierLM) -> None:
    """Ask a tiny question, so that a proposer that is not there is found before money is spent on the rest.

    Raises:
        CopeError: when it gives no reply.
    """
    try:
        proposer("Reply with one word: ready.", max_tokens=16)
    except dspy.LMError as error:
        raise proposer_unavailable(str(proposer.model), first_line(error, 300)) from error


def check_pilot(answers: Sequence[Any]) -> None:
    """Raise a CopeError when no question of the pilot got an answer that could be read."""
    if all(getattr(prediction, "answer", None) is None for prediction in answers):
        refused = next((p.refused for p in answers if p and p.get("refused")), None)
        why = refused or "no reply held an answer that could be read"
        raise CopeError(
            f"the program answers nothing: {why}; try another --adapter, more --max-tokens or another model"
        )


def check_calls(
    optimizer: Optimizer, context: OptimizerContext, budget: Budget, last: int | None
) -> None:
    """Raise a CopeError when so few calls cannot be enough, whatever the models say; none of them is asked.

    Rounds before the first compiled one are run once for each question, so a question that they settle is free after that.

    Args:
        optimizer: its smallest step counts.
        context: the compile.
        budget: the bounds.
        last: the last round that a surrogate runs; None without one.
    """
    if budget.calls is None:
        return
    each = min_calls_per_question(context.student, last)
    again = any(name.startswith("round_1.") for name in context.student.trainable)

    def needed(part: OptimizerContext) -> float:
        return each * (len(part.valset) + (optimizer.min_questions(part) if again else 0))

    if needed(context) > budget.calls:
        raise _too_small(optimizer, context, "calls", budget.calls, needed, "at least")


def check_budget(
    optimizer: Optimizer, context: OptimizerContext, guard: BudgetGuard, pilot: Sequence[Usage]
) -> None:
    """Raise a CopeError when the budget does not allow the first validation and the optimizer's smallest step."""
    for name, bound in guard.budget.bounds().items():
        each = [cost.totals()[name] for cost in pilot]
        if None in each:  # all have a price by now, so it is of calls that were made without one
            raise CopeError(
                "a budget in USD needs prices, and calls of an earlier attempt have none: start anew with --fresh, or "
                "leave out --budget-usd"
            )
        mean = sum(each) / len(each)

        def needed(part: OptimizerContext, mean: float = mean) -> float:
            return mean * (len(part.valset) + optimizer.min_questions(part))

        if needed(context) > bound:
            raise _too_small(optimizer, context, name, bound, needed, "some")


_OPTIONS: dict[str, Callable[[float], str]] = {
    "calls": lambda value: f"--budget-calls {math.ceil(value)}",
    "tokens": lambda value: f"--budget-tokens {math.ceil(value)}",
    "usd": lambda value: f"--budget-usd {_dollars(value)}",
    "seconds": lambda value: f"--budget-minutes {math.ceil(value / 6) / 10:g}",
}
"""How a budget of so much is given."""


def _dollars(value: float) -> str:
    """USD with two digits that count, rounded up."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.ceil(value / unit) * unit:.2g}"


def _too_small(
    optimizer: Optimizer,
    context: OptimizerContext,
    name: str,
    bound: float,
    needed: Callable[[OptimizerContext], float],
    about: str,
) -> CopeError:
    """Why a budget does not do, and which would; the same for the questions, where fewer would do."""
    whole = needed(context)
    fewer = range(len(context.valset) - 1, MIN_SPLIT_SIZE["val"] - 1, -1)
    least = replace(
        context,
        trainset=context.trainset[: MIN_SPLIT_SIZE["train"]],
        valset=context.valset[: MIN_SPLIT_SIZE["val"]],
    )
    if fits := next(
        (n for n in fewer if needed(replace(context, valset=context.valset[:n])) <= bound), None
    ):
        also = f", or --val {fits}"
    else:
        also = ", or smaller --train and --val" if needed(least) <= bound else ""
    amount = _dollars(whole) if name == "usd" else f"{math.ceil(whole):,}"
    return CopeError(
        f"{format_bound(bound)} {name} are too few for one step of {optimizer.name}: it needs {about} {amount} "
        f"({len(context.valset) + optimizer.min_questions(context)} answers); give {_OPTIONS[name](whole)}{also}"
    )


_CHARS_A_TOKEN = 2.6
"""Below what models of today pack into a token of English or code (3 to 4), so that what seems to fit does fit."""


def check_context_window(questions: Sequence[str]) -> Callable[[Cascade], str | None]:
    """Return a check of programs: it gives the reason why one is rejected, None when all its prompts fit.

    A prompt is written out as the tier's adapter does it, with the demonstrations and the longest of the questions; the
    maximum length of a reply is added.

    Args:
        questions: those that the program will be asked.
    """
    longest = max(questions, key=len, default="")

    def check(program: Cascade) -> str | None:
        for round_ in program.rounds():
            for role in ROLES:
                reason = _overflow(program, round_, role, longest)
                if reason:
                    return reason
        return None

    return check


def _overflow(program: Cascade, round_: CascadeRound, role: Role, question: str) -> str | None:
    """Return why a predictor's prompt does not fit the context of its tier; None when it fits."""
    spec = round_.spec
    name, module, reply = spec.reasoner, round_.reasoner, spec.max_tokens
    if role == "planner":
        name, module, reply = spec.planner, round_.planner, spec.plan_max_tokens
    if name is None or module is None:
        return None
    tier, predict = program.team[name], module.predict
    if not tier.context_tokens:
        return None
    reply = reply or tier.lm.kwargs.get("max_tokens") or 0
    signature: Any = predict.signature
    inputs = dict.fromkeys(signature.input_fields, "x" * 300)
    inputs["question"] = question
    neighbours = program.knn_demos.get(str(PredictorName(round_.number, role)))
    demos = usable_demos(predict, neighbours.longest() if neighbours else ())
    messages = tier.adapter.format(signature, demos, inputs)
    tokens = round(sum(len(str(message["content"])) for message in messages) / _CHARS_A_TOKEN)
    if tokens + min(reply, tier.context_tokens // 4) <= tier.context_tokens:
        return None
    return (
        f"a prompt of round {round_.number} has about {tokens} tokens, which with the reply do not fit "
        f"{name}'s context of {tier.context_tokens}"
    )
