"""ABC on known answers: the smaller models' answer counts where more than theta of them gave it."""

import pytest

from cope.programs.systems.agreement_policy import AgreementPolicy
from cope.programs.systems.outcomes import Observation

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
