"""The check that prompts fit, the metric, and rounds that are kept."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.compile_world import TRAIN, World, question, score

from cope import Cascade
from cope.models import Call, Ledger, Price
from cope.optimize.compiler.context_window import check_context_window
from cope.optimize.compiler.metric import Metric
from cope.optimize.compiler.prompts import prompt_state
from cope.optimize.compiler.result import prompt_settings_of
from cope.optimize.compiler.session import CompileSession
from cope.optimize.compiler.student import Student

# Splits


# Candidates


# Feedback


# Prompts that fit


def test_a_prompt_that_does_not_fit_is_refused_without_a_call():
    world = World()
    world.small.context = 600
    check = check_context_window([dspy.Example(question=one) for one in (question(1), "x" * 400)])
    session, student = student_in(world, "plan-then-solve", reject_reason=check)
    assert session.register_candidate(student).reject_reason is None
    long = student.deepcopy()
    long.round_1.reasoner.predict.demos = [dspy.Example(question="y" * 1000, answer="1")]
    candidate = session.register_candidate(long)
    assert "do not fit small's context of 600" in str(candidate.reject_reason)
    with session.stage():
        prediction = long(question=question(1))
    assert (
        prediction.answer is None
        and prediction.refused == candidate.reject_reason
        and world.asked == 0
    )
    assert (
        Metric(score, session).score(TRAIN[1], prediction) == 0.0
        and session.candidates.fully_evaluated() == []
    )


def student_in(
    world: World, preset: str, path: Path | None = None, **more: Any
) -> tuple[CompileSession, Student]:
    program = Cascade(preset, world.team)
    session = CompileSession([], folder=path, **more)
    return session, Student(program, session, [name for name, _ in program.named_predictors()])


# The metric, and rounds that are kept


def test_what_an_answer_is_worth():
    metric = Metric(score, CompileSession([]), "cost")
    metric.baseline_tokens = 100.0
    assert [metric.objective_value(1.0, used) for used in (0, 50, 100, 900)] == [
        1.0,
        0.75,
        0.5,
        0.5,
    ]
    assert metric.objective_value(0.0, 0) == 0.0 and metric.min_value_if_correct == 0.5
    assert Metric(score, CompileSession([])).objective_value(1.0, 900) == 1.0


def test_copies_with_other_prompts_leave_the_one_they_come_from():
    """Copies share DSPy's signature classes, into which InferRules writes."""
    _, student = student_in(World(), "small")
    before = prompt_state(student)
    other = {name: {"instructions": "Other words.", "demos": []} for name in before}
    assert prompt_state(student.with_state(other)) == other and prompt_state(student) == before


def test_a_round_is_asked_once_and_gives_the_same_ever_after(tmp_path: Path):
    """Also in another process; settings that change its outcome make it another round."""
    first = World()
    session, student = student_in(first, "cope", tmp_path)
    with session.stage():
        told = student(question=question(1))
        again = student(question=question(1))
    asked = first.asked
    assert asked and [r["samples"] for r in again.rounds] == [r["samples"] for r in told.rounds]
    assert [row["calls"] for row in again.usage] == [row["calls"] for row in told.usage]
    session.close()
    second = World()
    session, student = student_in(second, "cope", tmp_path)
    with session.stage(), dspy.context(trace=[]):
        restored = student(question=question(1))
        trace = [predict for predict, *_ in dspy.settings.trace]
    assert second.asked == 0 and restored.answer == told.answer
    assert trace == [student.round_2.planner.predict, student.round_3.reasoner.predict]
    assert session.guard.used.calls >= asked > 0 and isinstance(session.ledger, Ledger)
    session.close()
    longer = World(max_tokens=99)
    session, student = student_in(longer, "cope", tmp_path)
    with session.stage():
        student(question=question(1))
    assert longer.asked > 0
    session.close()


def test_every_rollout_is_asked_and_known_when_it_comes_again(tmp_path: Path):
    """What an optimizer learns from are outcomes that differ."""
    world = World()
    session, student = student_in(world, "small", tmp_path)
    answers: dict[Any, str] = {}

    def asked_by(rollout: int | None) -> int:
        before, lm = world.asked, world.team["small"].lm
        with (
            session.stage(),
            dspy.context(lm=lm if rollout is None else lm.copy(rollout_id=rollout)),
        ):
            answers[rollout] = student(question=question(1)).answer
        return world.asked - before

    assert [asked_by(rollout) for rollout in (None, 1, 2, 1, None, 2)] == [1, 1, 1, 0, 0, 0]
    assert len(set(answers.values())) == 3, "guesses depend on the seed"
    session.close()


def test_programs_that_draw_by_other_seeds_share_no_round(tmp_path: Path):
    asked = []
    for seed in (0, 7, 7):
        world, session = World(), CompileSession([], folder=tmp_path)
        program = Cascade("answer-cascade", world.team, seed=seed)
        student = Student(program, session, [name for name, _ in program.named_predictors()])
        with session.stage():
            student(question=question(1))
        asked.append(world.asked)
        session.close()
    assert asked[0] and asked[1] and not asked[2]


@pytest.mark.parametrize("adapter", ["lean", "chat", "json", "xml"])
def test_a_program_says_how_it_is_asked(adapter: str):
    world = World(adapter=adapter, max_tokens=99)
    assert prompt_settings_of(Cascade("cope", world.team)) == {"adapter": adapter, "max_tokens": 99}
    world.small.context = world.large.context = 600
    assert prompt_settings_of(Cascade("cope", world.team))["context"] == 600
    world.large.context = 4096
    assert "context" not in prompt_settings_of(Cascade("cope", world.team)), (
        "the tiers are not asked alike"
    )


def test_what_earlier_attempts_used_has_todays_prices(tmp_path: Path):
    call = Call("small", "m", prompt_tokens=1, completion_tokens=2, usd=9.0, seconds=1.0)
    for entry in (call, replace(call, tier="other"), replace(call, cache_hit=True)):
        with closing(Ledger(tmp_path / "calls.jsonl")) as ledger:
            ledger.put(f"{entry.tier}{entry.cache_hit}", {"call": entry.as_dict(), "outputs": []})
    session = CompileSession([], folder=tmp_path, prices={"small": Price(1e6, 2e6)})
    assert (session.guard.used.usd, session.guard.used.calls) == (5.0 + 9.0, 2)
    session.close()
