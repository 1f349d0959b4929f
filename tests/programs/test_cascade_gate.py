"""Whether a round's answer is accepted, whose plan is handed on, and what cannot be read."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from support.cascade_replies import QUESTION, agreement, no_agreement
from support.sweeps import sweep

from cope import Cascade, Preset, load_preset
from cope.programs.sampling import derive_seed


def by_index(answers: list[str], seed: int = 0, number: int = 1) -> Callable[[Any], str]:
    """Small's sample i of a round answers answers[i]; its plan says which it is. Large's guideline, then 99."""
    planned = {derive_seed(seed, number, "plan", index): index for index in range(len(answers))}
    reasoned = {derive_seed(seed, number, "reason", index): index for index in range(len(answers))}

    def reply(ask: Any) -> str:
        if ask.role == "plan":
            return f"Goal of {planned[ask.seed]}." if ask.tier == "small" else "Guideline."
        if ask.tier == "large":
            return "Answer: 99"
        return (
            f"Answer: {answers[reasoned[ask.seed]]}"
            if ask.seed in reasoned
            else f"Answer: {ask.seed}"
        )

    return reply


@pytest.mark.parametrize(
    ("answers", "round_", "confidence"),
    [
        (["3"] * 6 + ["4", "5"], 1, 6 / 8),
        (["3"] * 8, 1, 1.0),
        (["3"] * 5 + ["4", "5", "6"], 3, None),
        (["3"] * 6 + ["?", "?"], 1, 6 / 8),
        (["3", "3.0", "3 bolts", "$3$", "\\boxed{3}", "6/2", "4", "5"], 1, 6 / 8),
    ],
)
def test_six_of_eight_are_enough_in_the_first_round(
    scripted, answers: list[str], round_: int, confidence: float
):
    s = scripted(by_index(answers))
    cascade = Cascade("cope", s.team, early_stop="none", answer_kind="math")
    prediction = cascade(question=QUESTION)
    assert prediction.round == round_
    assert confidence is None or prediction.confidence == confidence


def test_four_of_eight_are_enough_in_the_second_round(scripted):
    for agreeing, round_ in ((4, 2), (3, 3)):
        first = by_index([str(n) for n in range(8)])
        second = by_index(["3"] * agreeing + [str(n) for n in range(10, 18 - agreeing)], number=2)
        in_second = {derive_seed(0, 2, "reason", index) for index in range(8)}
        s = scripted(lambda ask, a=first, b=second, c=in_second: (b if ask.seed in c else a)(ask))
        prediction = Cascade("cope", s.team, early_stop="none")(question=QUESTION)
        assert prediction.round == round_


@pytest.mark.slow
def test_the_plan_handed_on_is_one_behind_the_majority_drawn_at_random_by_the_seed(scripted):
    answers = ["3", "4", "3", "3", "4", "5", "3", "6"]
    drawn: Counter[str] = Counter()
    first = load_preset("cope").rounds[0].model_dump()
    preset = Preset(name="mine", rounds=[first, {"reasoner": "large", "sees": [1]}])  # pyright: ignore[reportArgumentType]
    for seed in range(12):
        s = scripted(by_index(answers, seed))
        made = Cascade(preset, s.team, seed=seed)(question=QUESTION).rounds[0]
        drawn[made["plan"]] += 1
        if seed < 3:
            again = Cascade(preset, s.team, seed=seed)(question=QUESTION).rounds[0]
            assert again["plan"] == made["plan"]
    assert set(drawn) == {f"Goal of {index}." for index in (0, 2, 3, 6)}
    assert all(1 <= count <= 6 for count in drawn.values()), drawn  # 3 each, give or take


def test_a_plan_that_cannot_be_read(scripted):
    """The reasoner is told that there is none, and another supporter's plan is handed on."""
    reply = by_index(["3", "3", "3", "3", "4", "5", "6", "7"])
    silent = {derive_seed(0, 1, "plan", index) for index in (0, 1, 2)}
    s = scripted(lambda ask: "" if ask.seed in silent else reply(ask))
    prediction = Cascade("cope", s.team, early_stop="none")(question=QUESTION)
    first = [a.user for a in s.asks if a.role == "reason" and a.temperature == 0.4]
    assert sum(user.endswith("Goal: none") for user in first) == 3
    assert prediction.rounds[0]["plan"] == "Goal of 3."
    assert [sample["plan"] for sample in prediction.rounds[0]["samples"]][:3] == [None] * 3


def test_no_plan_at_all(scripted):
    s = scripted(lambda ask: "" if ask.role == "plan" else no_agreement(ask))
    prediction = Cascade("cope", s.team)(question=QUESTION)
    assert (prediction.answer, prediction.round, prediction.plan) == ("3", 3, None)
    assert s.asks[-1].user.endswith("Guideline: none")


# Samples that cannot be read


def test_replies_without_any_answer_are_samples_without_a_vote(scripted):
    s = scripted(by_index(["3"] * 6 + [" ", " "]))
    prediction = Cascade("cope", s.team, early_stop="none")(question=QUESTION)
    assert (prediction.answer, prediction.confidence, prediction.votes) == ("3", 0.75, {"3": 6})


@sweep("adapter", ["lean", "chat", "json", "xml"], every=2)
def test_a_round_that_cannot_be_read_escalates(scripted, adapter: str):
    def reply(ask: Any) -> str:
        if ask.tier == "small":
            return ""
        good = {
            "lean": "So.\nAnswer: 3",
            "chat": "[[ ## reasoning ## ]]\nSo.\n[[ ## answer ## ]]\n3\n[[ ## completed ## ]]",
            "json": '{"reasoning": "So.", "answer": "3"}',
            "xml": "<reasoning>So.</reasoning><answer>3</answer>",
        }
        return good[adapter]

    prediction = Cascade("answer-cascade", scripted(reply, adapter=adapter).team)(question=QUESTION)
    assert (prediction.answer, prediction.round) == ("3", 3)
    assert [made["answer"] for made in prediction.rounds] == [None, None, "3"]


def test_if_the_last_round_cannot_be_read_either_there_is_no_answer(scripted):
    prediction = Cascade("cope", scripted(lambda ask: "").team)(question=QUESTION)
    assert (prediction.answer, prediction.confidence, prediction.round, prediction.votes) == (
        None,
        0.0,
        3,
        {},
    )
    assert prediction.rounds[-1]["accepted"] is False


@pytest.mark.parametrize(
    "question", ["", " ", "?" * 5000, "Wie viele Ballen? \u2014 \U0001f9f5", "{braces} %s \\n"]
)
def test_any_question_may_be_asked(scripted, question: str):
    assert Cascade("cope", scripted(agreement).team)(question=question).answer == "3"
