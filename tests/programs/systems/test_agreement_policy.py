"""ABC on known answers: the smaller models' answer counts where more than theta of them gave it."""

from dataclasses import replace

import numpy as np
import pytest

from cope import CopeError
from cope.programs.systems.agreement_policy import AgreementPolicy
from cope.programs.systems.outcomes import Observation, OutcomeTable
from cope.programs.systems.policy import FitOptions

TIERS = ("a", "b", "c", "large")


@pytest.mark.parametrize(
    ("answers", "tier", "is_final"),
    [
        (("x", "X ", "x"), "a", True),  # 3/3 > 0.67
        (("y", "x", "x"), "large", False),  # 2/3 < 0.67
        ((None, "x", "x"), "large", False),
        ((None, None, None), "large", False),
        (("x",), "b", False),
    ],
)
def test_more_than_theta_must_agree(answers: tuple[str | None, ...], tier: str, is_final: bool):
    seen = {name: Observation(one, 1.0) for name, one in zip(TIERS, answers, strict=False)}
    made = AgreementPolicy(TIERS, (0.1, 0.1, 0.1, 1.0))
    (found,) = made.decide(["q"], [seen])
    assert (found.tier, found.is_final) == (tier, is_final)
    if not is_final and tier == "large":
        (last,) = made.decide(["q"], [seen | {"large": Observation("z", 1.0)}])
        assert (last.tier, last.is_final) == ("large", True)


def test_a_lower_theta_accepts_the_first_with_the_majority():
    made = AgreementPolicy(TIERS, (0.1, 0.1, 0.1, 1.0), theta=0.5)
    again = AgreementPolicy.from_state(made.state(), made.tiers, made.costs)
    seen = {name: Observation(one, 1.0) for name, one in zip("abc", "yxx", strict=True)}
    (found,) = again.decide(["q"], [seen])
    assert (found.tier, found.is_final) == ("b", True)
    assert found.confidence == pytest.approx(2 / 3)


def table_of(wrong_pairs: int) -> OutcomeTable:
    """Return questions on which all three agree and are right, or two of three agree.

    Args:
        wrong_pairs: how many of the eight questions with two of three have a wrong majority.
    """
    answers, scores = [], []
    for number in range(16):
        if number % 2:
            answers.append(["x", "x", "x", "x"])
            scores.append([1.0, 1.0, 1.0, 1.0])
            continue
        is_wrong = number // 2 < wrong_pairs
        answers.append(["y", "y", "x", "x"] if is_wrong else ["x", "x", "y", "x"])
        scores.append([0.0, 0.0, 1.0, 1.0] if is_wrong else [1.0, 1.0, 0.0, 1.0])
    return OutcomeTable(
        keys=[str(number) for number in range(16)],
        questions=["q"] * 16,
        tiers=TIERS,
        scores=np.array(scores),
        costs=np.tile([0.1, 0.1, 0.1, 1.0], (16, 1)),
        confidence=np.ones((16, 4)),
        answers=np.array(answers, dtype=object),
        groups=[None] * 16,
    )


@pytest.mark.parametrize(
    ("wrong_pairs", "share", "theta"),
    [
        (6, 1.0, 2 / 3),  # two of three are mostly wrong: all must agree, and half escalate
        (0, 1.0, 0.0),  # two of three are always right
        (6, 0.5, 0.0),  # half of the questions escalated would cost 0.8
    ],
)
def test_theta_is_learned_within_the_cost(wrong_pairs: int, share: float, theta: float):
    table = table_of(wrong_pairs)
    made = AgreementPolicy.fit(table, table, FitOptions(share=share))
    assert made.theta == pytest.approx(theta)


def test_two_smaller_models_and_their_answers_are_needed() -> None:
    table = table_of(0)
    two = replace(
        table,
        tiers=("a", "large"),
        scores=table.scores[:, 2:],
        costs=table.costs[:, 2:],
        confidence=table.confidence[:, 2:],
        answers=table.answers[:, 2:],
    )
    unknown = replace(table, answers=np.full((16, 4), None))
    for wrong, said in [(two, "two smaller models"), (unknown, "only right or wrong")]:
        with pytest.raises(CopeError, match=said):
            AgreementPolicy.fit(wrong, wrong, FitOptions())
