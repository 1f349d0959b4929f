"""Feedback for optimizers that reflect: what went wrong, and in which round."""

from typing import Any

import dspy
import pytest

from cope.eval import Score
from cope.optimize.compiler.feedback import write_feedback


def row(**changes: Any) -> dict[str, Any]:
    sample = {"index": 0, "plan": None, "answer": "7", "reasoning": "So."}
    usual = {
        "round": 1,
        "asked": 1,
        "samples": [sample],
        "votes": {"7": 1},
        "accepted": True,
        "plan": None,
    }
    return {**usual, **changes}


WRONG = Score(0.0, "7 is wrong. The right answer is 8.")


UNREAD = [{"index": 0, "plan": "Add.", "answer": None, "reasoning": ""}]


FAILED = [{"test": "assert f(1) == 2", "passed": False, "message": "it gave 3"}]


TESTED = [{"index": 0, "plan": None, "answer": "def f(x): ...", "tests": FAILED}]


@pytest.mark.parametrize(
    ("rounds", "predictor", "words"),
    [
        ([row()], None, "7 is wrong. The right answer is 8. Round 1 answered."),
        (
            [row(asked=5, votes={"7": 3, "9": 2})],
            None,
            "Round 1: 5 samples, votes: 3 for 7, 2 for 9.",
        ),
        (
            [row(asked=2, votes={"7": 1, "9": 1})],
            "round_1.reasoner.predict",
            "Samples of the same prompt disagree",
        ),
        (
            [row(samples=UNREAD, votes={})],
            "round_1.reasoner.predict",
            "The reply could not be read",
        ),
        (
            [row(samples=UNREAD, votes={})],
            None,
            "1 of its replies held no answer that could be read.",
        ),
        (
            [row(samples=TESTED, accepted=False)],
            None,
            "A visible test failed: assert f(1) == 2: it gave 3",
        ),
        (
            [row(plan="Here is the plan:")],
            "round_1.planner.predict",
            "The plan announces something and then ends",
        ),
        ([row(plan="Add.", asked=3, votes={"7": 3})], "round_1.planner.predict", "it leads astray"),
        (
            [row(plan="Add.")],
            "round_1.planner.predict",
            "The solution made with this plan is wrong.",
        ),
        ([row()], "round_1.planner.predict", "The plan could not be read"),
    ],
)
def test_feedback_says_what_went_wrong(rounds: list[Any], predictor: str | None, words: str):
    said = write_feedback(
        WRONG, dspy.Prediction(rounds=rounds, round=rounds[-1]["round"]), predictor
    )
    assert words in said and said.startswith("7 is wrong. The right answer is 8.")


def test_a_round_that_did_not_run_gives_no_feedback_of_its_own():
    prediction = dspy.Prediction(rounds=[row(asked=5, votes={"7": 3, "9": 2})], round=1)
    assert write_feedback(WRONG, prediction, "round_3.reasoner.predict") == WRONG.feedback
    assert write_feedback(WRONG, None, None) == WRONG.feedback
