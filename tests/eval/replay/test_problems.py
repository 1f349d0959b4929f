"""What a replay cannot do is said with what to do instead."""

from pathlib import Path
from typing import Any

import pytest

from cope.eval.replay.run import replay_problem
from cope.programs.options import ProgramOptions


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, None),
        ({"early_stop": "none"}, None),
        ({"early_stop": "esc"}, "esc would not: leave out --early-stop"),
        ({"early_stop": "adaptive-consistency"}, "leave out --early-stop"),
        ({"hedge": 0.5}, "--hedge"),
        ({"calibration": Path("c.json")}, None),
    ],
)
def test_a_problem_says_what_to_leave_out(options: dict[str, Any], said: str | None) -> None:
    problem = replay_problem(ProgramOptions(**options))
    assert problem is None if said is None else said in (problem or "")
