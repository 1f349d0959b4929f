"""What is said of a running compile: its usage against the budget, and the time that is left."""

from typing import Any

import pytest

from cope.models import Usage
from cope.optimize import Budget
from cope.optimize.compiler.estimate import CostEstimate
from cope.optimize.compiler.progress import TimeLeft, state_parts
from cope.optimize.compiler.session import CompileSession


def time_left(questions: int, calls: int) -> TimeLeft:
    made = TimeLeft()
    made.estimate = CostEstimate(Usage.from_totals(), Usage.from_totals(calls), questions, 8, 0)
    return made


@pytest.mark.parametrize(
    ("budget", "spent", "words"),
    [
        (
            Budget(tokens=90_000),
            Usage.from_totals(5, 12_345, None, 9.0),
            "calls 5  tokens 12,345 of 90,000",
        ),
        (Budget(usd=2.0), Usage.from_totals(5, 12_345, 0.25, 9.0), "calls 5  $0.25 of $2.00"),
        (
            Budget(usd=2.0),
            Usage.from_totals(5, 12_345, None, 9.0),
            "calls 5  money unknown of $2.00",
        ),
        (
            Budget(seconds=600),
            Usage.from_totals(5, 12_345, None, 45.0),
            "calls 5  45 s of 10 min of model time",
        ),
        (
            Budget(9, 99, 2.0, 60),
            Usage.from_totals(5, 12, 0.0, 9.0),
            "calls 5 of 9  tokens 12 of 99  $0 of $2.00  9 s of 60 s",
        ),
        (None, Usage.from_totals(5, 12_345, None, 45.0), "calls 5"),
    ],
)
def test_all_that_is_budgeted_is_shown(budget: Any, spent: Usage, words: str) -> None:
    session = CompileSession(["a"], budget)
    session.guard.used = spent
    line = "  ".join(state_parts(session))
    assert line.startswith(f"asks a few questions  {words}")
    if budget is None:
        assert line.endswith(words)


@pytest.mark.parametrize(
    ("spent", "left"),
    [
        (
            Usage.from_totals(10, 100, 0.01, 5.0),
            "at most 10 s left",
        ),  # half of the model time is used
        (
            Usage.from_totals(10, 1000, 0.01, 1.0),
            "at most 5 s left",
        ),  # two thirds of the tokens are
    ],
)
def test_any_bound_of_the_budget_bounds_the_time(spent: Usage, left: str) -> None:
    session = CompileSession(["a"], Budget(tokens=1500, usd=100.0, seconds=10.0))
    time = time_left(questions=1000, calls=5000)
    time.restart(session, 100.0)
    time.update(session, 100.0)
    session.guard.used, session.activity.answered = spent, 10
    time.update(session, 110.0)
    assert time.text(session, 110.0) == left


def test_what_is_answered_again_after_a_resume_says_nothing_of_the_time() -> None:
    session, now = CompileSession(["a"]), 100.0
    time = time_left(questions=110, calls=5000)
    time.restart(None, now)
    for _ in range(90):  # known questions, in no time
        session.activity.answered += 1
        time.update(session, now)
    for _ in range(10):
        now += 4
        session.guard.used.calls += 1
        session.activity.answered += 1
        time.update(session, now)
    assert time.text(session, now) == "about 40 s left"


@pytest.mark.parametrize(("calls", "seconds"), [(4, 10.0), (100, 0.5)])
def test_too_few_calls_or_seconds_say_nothing(calls: int, seconds: float) -> None:
    session, time = CompileSession(["a"]), time_left(questions=110, calls=5000)
    time.restart(session, 100.0)
    session.guard.used = Usage.from_totals(calls)
    assert time.text(session, 100.0 + seconds) == ""
