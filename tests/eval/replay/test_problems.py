"""What a replay cannot do is said with what to do instead."""

from pathlib import Path
from typing import Any

import pytest

from cope.eval.replay.run import replay_problem
from cope.programs.options import ProgramOptions


@pytest.mark.parametrize(
    ("options", "names_program", "said"),
    [
        ({}, True, None),
        ({"early_stop": "none"}, False, None),
        ({"early_stop": "esc"}, False, "esc would not: leave out --early-stop"),
        ({"early_stop": "adaptive-consistency"}, True, "leave out --early-stop"),
        ({"hedge": 0.5}, False, "--hedge"),
        ({"calibration": Path("c.json")}, False, None),
        ({"calibration": Path("c.json")}, True, "leave out --preset"),
    ],
)
def test_a_problem_says_what_to_leave_out(
    options: dict[str, Any], names_program: bool, said: str | None
) -> None:
    problem = replay_problem(ProgramOptions(**options), names_program)
    assert problem is None if said is None else said in (problem or "")
