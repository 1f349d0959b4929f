"""The adapter reads what small models write."""

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError

from cope.answers.kinds.math import MATH
from cope.models.adapter import LeanAdapter
from cope.signatures import plan_signature, reason_signature
from cope.signatures.plans.goal import GOAL

REASON = reason_signature({"goal": GOAL}, 1)


FORM = (REASON.output_fields["answer"].json_schema_extra or {})["desc"]  # pyright: ignore[reportIndexIssue]


# What small models wrote: the reply, the reasoning and answer that come out, and what the reader of answers makes of it.
REPLIES = [
    ("It takes 2 + 1 = 3.\nAnswer: 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\nAnswer: 3 bolts", "It takes 2 + 1 = 3.", "3 bolts", "3"),
    ("It takes 2 + 1 = 3.\n\nAnswer: 3.\n", "It takes 2 + 1 = 3.", "3.", "3"),
    ("It takes 2 + 1 = 3.\n**Answer:** 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\n**Answer**: 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\n**Answer: 3**", "It takes 2 + 1 = 3.", "3**", "3"),
    ("It takes 2 + 1 = 3.\n### Answer: 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\n### Answer:\n3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\n- Answer: 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\n> *Answer:* `3`", "It takes 2 + 1 = 3.", "`3`", "3"),
    ("It takes 2 + 1 = 3.\nANSWER: 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\nanswer : 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3.\n  Answer:3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3. Answer: 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("It takes 2 + 1 = 3. **Answer:** 3", "It takes 2 + 1 = 3.", "3", "3"),
    ("Answer: 3", "", "3", "3"),
    (
        "Answer: 2\nNo, the white fiber counts too.\nAnswer: 3",
        "Answer: 2\nNo, the white fiber counts too.",
        "3",
        "3",
    ),
    ("So 3.\nAnswer: 3\nAnswer: 3", "So 3.\nAnswer: 3", "3", "3"),
    ("So 3.\nAnswer: 3\nAnswer:", "So 3.", "3", "3"),
    ("So 3.\nAnswer:\n\n3", "So 3.", "3", "3"),
    ("Reasoning: 2 + 1 = 3.\nAnswer: 3", "2 + 1 = 3.", "3", "3"),
    ("**Reasoning:**\n2 + 1 = 3.\n\n**Answer:**\n3", "2 + 1 = 3.", "3", "3"),
    ("Half of 2 is 1.\nAnswer: \\boxed{3}", "Half of 2 is 1.", "\\boxed{3}", "3"),
    (
        "Half of 2 is 1.\nAnswer: $\\frac{1}{2}$",
        "Half of 2 is 1.",
        "$\\frac{1}{2}$",
        "\\frac{1}{2}",
    ),
    ("Half of 2 is 1.\nAnswer: <3>", "Half of 2 is 1.", "3", "3"),
    (f"So 3.\nAnswer: 3\nAnswer: <{FORM}>", "So 3.", "3", "3"),
    ("Half of 2 is 1.\nAnswer: 3 (2 blue, 1 white)", "Half of 2 is 1.", "3 (2 blue, 1 white)", "3"),
    # Without the label both fields keep the text, and the reader looks through it.
    ("3", "3", "3", "3"),
    ("3 bolts", "3 bolts", "3 bolts", "3"),
    ("2 + 1 = 3", "2 + 1 = 3", "2 + 1 = 3", "3"),
    ("The answer is 3 bolts.", "The answer is 3 bolts.", "The answer is 3 bolts.", "3"),
    (
        "Half of 2 is 1.\nThe final answer is: 3",
        *["Half of 2 is 1.\nThe final answer is: 3"] * 2,
        "3",
    ),
    ("Half of 2 is 1.\nSo the answer: 3", *["Half of 2 is 1.\nSo the answer: 3"] * 2, "3"),
    ("Half of 2 is 1.\n#### 3", *["Half of 2 is 1.\n#### 3"] * 2, "3"),
    (
        "Half of 2 is 1.\nIn total \\boxed{3} bolts.",
        *["Half of 2 is 1.\nIn total \\boxed{3} bolts."] * 2,
        "3",
    ),
    ('{"reasoning": "2 + 1", "answer": "3"}', *['{"reasoning": "2 + 1", "answer": "3"}'] * 2, "3"),
    ('```json\n{"answer": 3}\n```', *['```json\n{"answer": 3}\n```'] * 2, "3"),
    (
        "[[ ## answer ## ]]\n3\n[[ ## completed ## ]]",
        *["[[ ## answer ## ]]\n3\n[[ ## completed ## ]]"] * 2,
        "3",
    ),
    ("```python\nprint(2 + 1)\n```\nAnswer: 3", "```python\nprint(2 + 1)\n```", "3", "3"),
    ("I do not know.", "I do not know.", "I do not know.", None),
]


@pytest.mark.parametrize(("reply", "reasoning", "answer", "read"), REPLIES)
def test_replies_of_small_models(reply: str, reasoning: str, answer: str, read: str | None):
    found = LeanAdapter().parse(REASON, reply)
    assert (found["reasoning"], found["answer"]) == (reasoning, answer)
    assert MATH.parse(found["answer"]) == read


def test_a_copy_of_the_form_is_no_answer():
    found = LeanAdapter().parse(REASON, f"**Answer:** <{FORM}>")
    assert MATH.parse(found["answer"]) is None and MATH.parse(found["reasoning"]) is None


def test_the_table_is_long_enough():
    assert len(REPLIES) >= 30 and len({reply for reply, *_ in REPLIES}) == len(REPLIES)


@pytest.mark.parametrize(
    ("signature", "reply"),
    [(s, reply) for s in (REASON, plan_signature(GOAL, 1)) for reply in ("", " ", "\n\n", "\t")]
    + [(plan_signature(GOAL, 1), "Goal:"), (plan_signature(GOAL, 1), "**Goal:**\n")],
)
def test_an_empty_reply_cannot_be_read(signature: type[dspy.Signature], reply: str):
    with pytest.raises(AdapterParseError, match="LeanAdapter failed to parse"):
        LeanAdapter().parse(signature, reply)


@pytest.mark.parametrize(
    ("reply", "plan"),
    [
        ("Find the total of bolts.", "Find the total of bolts."),
        ("Goal: Find the total.", "Find the total."),
        ("**Goal:** Find the total.", "Find the total."),
        ("goal:\nFind the total.\n", "Find the total."),
        ("First find the goal: the total.", "First find the goal: the total."),
        ("Find A. Goal: B.", "Find A. Goal: B."),
    ],
)
def test_a_lone_output_takes_the_whole_reply(reply: str, plan: str):
    assert LeanAdapter().parse(plan_signature(GOAL, 1), reply) == {"goal": plan}


@pytest.mark.parametrize(
    ("reply", "team"),
    [
        ("So.\nTeam: billing", "billing"),
        ("So.\nTeam: Billing.", "billing"),
        ("So.\nTeam: the billing department", "billing"),
        (
            "A wrong invoice.\n\nTherefore, the team that answers is the billing department.",
            "billing",
        ),
        ("So.\nTeam: billing or technical", None),
        ("So.\nTeam: not billing", None),
        ("So.\nTeam: billings", None),
        ("So.\nTeam: sales", None),
    ],
)
def test_an_option_may_be_named_in_a_sentence(reply: str, team: str | None):
    signature = dspy.Signature("ticket -> reasoning, team: Literal['billing', 'technical']")
    assert "Team: <billing or technical>" in LeanAdapter().format_system_message(signature)
    if team is None:
        with pytest.raises(AdapterParseError):
            LeanAdapter().parse(signature, reply)
    else:
        assert LeanAdapter().parse(signature, reply)["team"] == team
