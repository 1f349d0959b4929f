"""What planners and reasoners are asked: the question first, plans after it, other words in every round."""

from itertools import product
from typing import Any

import pytest

from cope.signatures import (
    GoalPlan,
    GuidelinePlan,
    SolveShortAnswer,
    plan_signature,
    reason_signature,
)
from cope.signatures.plans.goal import GOAL
from cope.signatures.plans.guideline import GUIDELINE

PLANS: list[dict[str, Any]] = [
    {},
    {"goal": GOAL},
    {"guideline": GUIDELINE},
    {"goal": GOAL, "guideline": GUIDELINE},
    {"guideline": GUIDELINE, "guideline_3": GUIDELINE},
]


@pytest.mark.parametrize("kind", [GOAL, GUIDELINE])
def test_a_planner_sees_the_question_alone(kind: Any):
    for number in (1, 2, 5):
        signature = plan_signature(kind, number)
        assert list(signature.input_fields) == ["question"] and list(signature.output_fields) == [
            kind.name
        ]


@pytest.mark.parametrize("plans", PLANS)
def test_a_reasoner_sees_the_question_first_then_its_plans_in_order(plans: dict[str, Any]):
    signature = reason_signature(plans, 2)
    assert list(signature.input_fields) == ["question", *plans]
    assert list(signature.output_fields) == ["reasoning", "answer"]
    assert all(field.annotation is str for field in signature.fields.values())


def test_plans_in_the_order_they_are_seen():
    signature = reason_signature({"guideline": GUIDELINE, "goal": GOAL}, 1)
    assert list(signature.input_fields) == ["question", "guideline", "goal"]


def test_every_round_and_role_has_its_own_words():
    rounds = range(1, 6)
    texts = [
        plan_signature(kind, number).instructions
        for kind, number in product((GOAL, GUIDELINE), rounds)
    ]
    texts += [
        reason_signature(plans, number).instructions
        for plans, number in product(PLANS[:-1], rounds)
    ]
    assert len(set(texts)) == len(texts)


def test_a_plan_seen_twice_is_named_once():
    text = reason_signature({"guideline": GUIDELINE, "guideline_3": GUIDELINE}, 1).instructions
    assert text.count("guideline") == 1


def test_the_first_round_has_no_more_words_than_it_needs():
    assert plan_signature(GOAL, 1).instructions == GoalPlan.instructions
    assert plan_signature(GUIDELINE, 1).instructions == GuidelinePlan.instructions
    assert reason_signature({}, 1).instructions == SolveShortAnswer.instructions


@pytest.mark.parametrize("plans", PLANS)
def test_later_rounds_say_so_and_plans_are_mentioned(plans: dict[str, Any]):
    first, second, third = (reason_signature(plans, number).instructions for number in (1, 2, 3))
    assert (
        first.startswith(SolveShortAnswer.instructions)
        and second.startswith(first)
        and third.startswith(first)
    )
    assert [
        kind.name in first.removeprefix(SolveShortAnswer.instructions) for kind in (GOAL, GUIDELINE)
    ] == [kind in plans.values() for kind in (GOAL, GUIDELINE)]


def test_the_words_are_few():
    for plans, number in product(PLANS, (1, 2, 3)):
        assert len(reason_signature(plans, number).instructions.split()) <= 30
    assert all(
        len(plan_signature(kind, 2).instructions.split()) <= 30 for kind in (GOAL, GUIDELINE)
    )


def test_the_signatures_themselves_are_not_changed():
    before = SolveShortAnswer.instructions, list(SolveShortAnswer.fields)
    reason_signature({"goal": GOAL}, 2)
    assert (SolveShortAnswer.instructions, list(SolveShortAnswer.fields)) == before


def test_no_two_predictors_share_a_class():
    """DSPy's InferRules writes into the class that it finds."""
    for make in (
        lambda: reason_signature({"goal": GOAL}, 1),
        lambda: plan_signature(GOAL, 1),
    ):
        first, second = make(), make()
        before = second.instructions
        first.instructions = "Rewritten."
        assert (second.instructions, make().instructions) == (before, before)
