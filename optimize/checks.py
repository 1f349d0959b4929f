"""What is looked at before money is spent: each thing that cannot work gives one line that says what to do."""

from collections.abc import Sequence
from typing import Any

from ..errors import CopeError
from ..models import run_sync
from .budget import Purse, Spending
from .job import Job, Optimizer
from .metric import Scorer
from .splits import Splits

LEAST = {"train": 4, "val": 4}
"""Fewest questions of a split: with fewer, chance decides."""


def check_data(splits: Splits) -> None:
    """Raise a CopeError when a split is too small, or a question is in both."""
    from .splits import fingerprint

    for name, least in LEAST.items():
        if len(rows := getattr(splits, name)) < least:
            raise CopeError(
                f"the {name} split has {len(rows)} questions, and {least} are the least: give more with --{name}"
            )
    both = {fingerprint(e) for e in splits.train} & {fingerprint(e) for e in splits.val}
    if both:
        raise CopeError(
            f"{len(both)} questions are in train and val: a choice needs questions that were not learned from"
        )


def check_scorer(scorer: Scorer, splits: Splits) -> None:
    """Raise a CopeError when the right answers themselves are scored as wrong: then nothing could ever be right."""
    for example in splits.train[:5]:
        if getattr(example, "answer", None) is None:
            raise CopeError("a training question has no answer: every row needs question and answer")
        made: Any = scorer(example, example.answer)
        score = run_sync(made) if hasattr(made, "__await__") else made
        if float(getattr(score, "value", score)) >= 1:
            return
    raise CopeError(
        "the metric never says right: it scores the data's own answers below 1, so no optimizer can learn from it; "
        "mend the metric, or the answers"
    )


def check_pilot(answers: Sequence[Any]) -> None:
    """Raise a CopeError when no question of the pilot got an answer that could be read."""
    if all(getattr(prediction, "answer", None) is None for prediction in answers):
        refused = next((p.refused for p in answers if p and p.get("refused")), None)
        why = refused or "no reply held an answer that could be read"
        raise CopeError(
            f"the program answers nothing: {why}; try another --adapter, more --max-tokens or another model"
        )


def check_budget(optimizer: Optimizer, job: Job, purse: Purse, pilot: Sequence[Spending]) -> None:
    """Raise a CopeError when the budget does not allow the first validation and the optimizer's smallest step."""
    questions = len(job.valset) + optimizer.least(job)
    for name, bound in purse.budget.bounds().items():
        each = [getattr(cost, name) for cost in pilot]
        if None in each:
            raise CopeError("a budget in USD needs prices: give --price TIER=IN/OUT for every tier")
        needed = sum(each) / len(each) * questions
        if needed > bound:
            raise CopeError(
                f"{bound:g} {name} are too few for one step of {optimizer.name}: it needs some {needed:,.0f} "
                f"({questions} answers); give a larger budget, or smaller --train and --val"
            )
