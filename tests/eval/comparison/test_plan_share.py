"""A comparison says what a plan of the last tier costs, as a share of that tier's answer."""

from typing import Any

import pytest

from cope.eval.comparison.plan_share import plan_share_lines, plan_shares


def row(role: str, tokens: int | None, calls: int = 1, tier: str = "large") -> Any:
    return {"tier": tier, "role": role, "calls": calls, "completion_tokens": tokens}


@pytest.mark.parametrize(
    ("usage", "share"),
    [
        ({"cope": [[row("plan", 30)]], "large": [[row("reason", 60)]]}, 0.5),
        ({"cope": [[row("plan", 90, 3)], []], "large": [[row("reason", 120, 2)]]}, 0.5),
        # The answers of other systems count, since those of a cascade are to hard questions.
        ({"cope": [[row("plan", 30), row("reason", 300)]], "large": [[row("reason", 60)]]}, 0.5),
        ({"cope": [[row("plan", 30), row("reason", 120)]]}, 0.25),
        ({"cope": [[row("plan", 30, tier="small")]], "large": [[row("reason", 60)]]}, None),
        ({"cope": [[row("plan", None)]], "large": [[row("reason", 60)]]}, None),
        ({"cope": [[row("plan", 30)]]}, None),
        ({"large": [[row("reason", 60)]]}, None),
    ],
)
def test_the_share(usage: Any, share: float | None) -> None:
    shares = plan_shares(usage, "large")
    assert (shares["cope"]["share"] if shares else None) == share
    lines = list(plan_share_lines(shares, "large"))
    assert len(lines) == len(shares)
    for line in lines:
        assert f"{share:.0%} of its answer" in line and "more than half" not in line


def test_a_plan_longer_than_half_an_answer_is_called_so() -> None:
    usage = {"cope": [[row("plan", 48)]], "large": [[row("reason", 67)]]}
    (line,) = plan_share_lines(plan_shares(usage, "large"), "large")
    assert line == (
        "cope: a plan of large has 48 tokens, 72% of its answer (67 tokens): that is more than half "
        "an answer, so it pays only where it answers more than 72% of the questions that get one"
    )
