"""The live line of `cope compile`: it moves with every call, and its time left keeps to the budget."""

import io
import re
import sys
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from support.compile_world import World, fickle, preset, rows, score

from cope import Cascade
from cope.cli.display.compile_progress import CompileProgress
from cope.models import Usage
from cope.optimize import Budget, Compilation, CompileSettings, split
from cope.optimize.compiler.estimate import CostEstimate
from cope.optimize.compiler.session import CompileSession


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> list[float]:
    """The time as the view sees it, in seconds; tests move it on."""
    return [100.0]


def progress(clock: list[float], tick_seconds: float = 600.0) -> CompileProgress:
    return CompileProgress(lambda: clock[0], tick_seconds)


def scored(session: Any, number: int, key: str, value: float) -> None:
    session.candidates.register(f"c{number}", {}, 0)
    session.candidates.add_score(f"c{number}", key, value, 0, 0)


def guess(questions: int, calls: int) -> CostEstimate:
    return CostEstimate(Usage.from_totals(), Usage.from_totals(calls), questions, 8, 0)


def test_one_line_is_drawn_over(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    session, view = CompileSession(["a", "b"], Budget(calls=400)), progress(clock)
    view.set_estimate(guess(questions=1000, calls=5000))
    with view:
        view.on_score(session)
        scored(session, 0, "a", 1.0)
        view.on_score(session)  # too soon to be drawn
        clock[0] += 1
        view.on_score(session)
        scored(session, 0, "b", 0.0)
        scored(session, 1, "a", 1.0)
        scored(session, 1, "b", 1.0)
        clock[0] += 9
        session.guard.used = Usage.from_totals(100, 9000, 0.25, 3.0)
        view.on_score(session)
        session.activity.answered, session.activity.description = 500, "exploring: 12 answers"
        clock[0] += 1
        view.on_score(session)
    first, *drawn = out.getvalue().split("\r")
    assert first == "" and out.getvalue().count("\n") == 1 and out.getvalue().endswith("\n")
    assert [line.rstrip() for line in drawn] == [
        "asks a few questions  calls 0 of 400",
        "before: 1 of 2 questions  calls 0 of 400",
        "best 100.0% (candidate 1 of 1)  calls 100 of 400  $0.25  at most 27 s left",
        "best 100.0% (candidate 1 of 1)  calls 100 of 400  $0.25  about 10 s left  exploring: 12 answers",
        "best 100.0% (candidate 1 of 1)  calls 100 of 400  $0.25",
    ]


def test_the_time_left_is_updated_while_a_call_says_nothing(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    session, view = CompileSession(["a"], Budget(calls=400)), progress(clock, 0.001)
    view.set_estimate(guess(questions=1000, calls=5000))
    with view:
        view.on_score(session)
        scored(session, 0, "a", 1.0)
        clock[0] += 10
        session.guard.used = Usage.from_totals(100, 9000, 0.25, 3.0)
        view.on_score(session)
        assert out.getvalue().rstrip().endswith("at most 30 s left")
        clock[0] += 10
        ends = monotonic() + 10
        while "at most 60 s left" not in out.getvalue() and monotonic() < ends:
            sleep(0.005)
    assert "at most 60 s left" in out.getvalue()
    drawn = out.getvalue()
    clock[0] += 10
    sleep(0.02)
    assert out.getvalue() == drawn, "a compile that is over is not drawn again"


def test_a_narrow_terminal_cuts_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    monkeypatch.setenv("COLUMNS", "21")
    with CompileProgress() as view:
        view.on_score(CompileSession([]))
    assert out.getvalue() == "\rasks a few questions\rasks a few questions\n"


def test_without_a_terminal_a_line_comes_now_and_then(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", out := io.StringIO())
    session, view = CompileSession(["a"]), progress(clock)
    with view:
        for calls in (1, 2, 3):
            session.guard.used = Usage.from_totals(calls)
            view.on_score(session)
            clock[0] += 10
    assert out.getvalue().splitlines() == [f"asks a few questions  calls {n}" for n in (1, 3)]
    view.set_estimate(guess(questions=0, calls=60))
    with view:
        clock[0] += 20
        session.guard.used = Usage.from_totals(33)
        view.on_score(session)
    assert "calls 33  at most 20 s left" in out.getvalue(), (
        "the estimate bounds what no budget does"
    )


@pytest.mark.slow  # the lines are tested without a compile
def test_a_compile_that_explores_shows_it_call_by_call(
    tmp_path: Path, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIMBA asks many questions before it scores a candidate; each call takes a second here."""
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    monkeypatch.setenv("COLUMNS", "160")
    numbers, most = count(), 180

    def reply(*args: Any) -> str:
        clock[0] += 1
        return fickle(*args)

    def propose(*_: Any) -> str:
        clock[0] += 1
        return f"Double the number, way {next(numbers)}."

    world = World(reply, propose, limits={"small": 1})
    view = progress(clock)
    compilation = Compilation(
        Cascade(preset("small"), world.team),
        split(rows(range(12)), rows(range(20, 28))),
        score,
        CompileSettings(
            optimizer="simba",
            budget=Budget(calls=most),
            proposer=world.proposer,
            demos=2,
            folder=tmp_path,
            callbacks=[view],
        ),
    )
    try:
        with view:
            told = compilation.estimate()
        view.set_estimate(told)
        with view:
            compilation.run()
    finally:
        compilation.close()
    lines = [line.rstrip() for line in out.getvalue().split("\r")]
    exploring = [line for line in lines if "exploring: " in line]
    numbers_shown = [int(re.search(r"calls (\d+)", line)[1]) for line in exploring]  # type: ignore[index]
    assert len(set(numbers_shown)) > 30, "a line for every call, and not only for scores"
    answers = [int(re.search(r"exploring: (\d+) answers", line)[1]) for line in exploring]  # type: ignore[index]
    assert max(answers) > 10
    assert any("a proposal is being written" in line for line in lines)
    left = re.compile(rf"calls (\d+) of {most}.*(about|at most) (\d+) s left")
    timed = [(int(m[1]), int(m[3])) for line in lines if (m := left.search(line))]
    assert len(timed) > 50
    assert all(seconds <= most - calls + 1 for calls, seconds in timed), (
        "never past the budget, at a second a call"
    )
    asked = compilation.session.guard.used.calls
    late = [(asked - calls, seconds) for calls, seconds in timed if calls > asked / 2]
    assert sum(abs(real - said) for real, said in late) / len(late) < asked / 4
