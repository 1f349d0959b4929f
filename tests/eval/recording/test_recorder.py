"""A record holds every sample of every round, whatever the gates say."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import numpy as np
import pytest
from support.recordings import recorder, recording, unsure

from cope import Cascade, CopeError, Team
from cope.eval import (
    Recorder,
    Replay,
    Score,
    replay_results,
)
from cope.models import Price
from cope.models.engines.base import LocalEngine, chat_messages, response
from cope.programs import VisibleTests, load_preset
from cope.programs.ensemble import Ensemble
from cope.programs.give_up import GiveUp
from cope.sandbox import TestOutcome, TestReport


def agree(ask: Any) -> str:
    return f"Plan {ask.seed}." if ask.role == "plan" else "So.\nAnswer: 1"


def test_every_round_is_asked_with_all_samples_though_the_first_is_accepted(
    tmp_path: Path, scripted: Callable[..., Any]
):
    models = scripted(agree, prices={"small": Price(1, 1)})
    record = recording(recorder(models.team, "cope"), tmp_path, 2)
    assert len(models.asks) == 2 * (8 + 8 + 1 + 8 + 1)
    first, second, third = record.rounds
    assert (first.samples, second.samples, third.samples) == (8, 8, 1)
    assert first.right[0].all() and not first.right[1].any(), "0 + 1 is 1, and 1 + 1 is not"
    assert first.plan_calls.calls.shape == (2, 8) and second.plan_calls.calls.shape == (2, 1)
    assert third.plan_calls is None
    seen = {
        ask.user
        for ask in models.small.requests and models.asks
        if ask.tier == "small" and "Guideline: " in ask.user
    }
    for place, question in enumerate(record.questions):
        shown = f"{question}\n\nGoal: {first.forwarded_plans[place]}\n\nGuideline: {second.forwarded_plans[place]}"
        assert any(shown in user for user in seen), (
            "round 2 saw the plans that would be handed on to it"
        )
    one = first.reason_calls
    assert (one.prompt_tokens > 0).all() and (one.completion_tokens == 3).all()
    assert one.usd == pytest.approx((one.prompt_tokens + one.completion_tokens) / 1e6)
    assert np.isnan(third.reason_calls.usd).all(), "the large tier has no price"
    assert np.isnan(one.logprob).all()


def test_what_cannot_be_read_is_kept_as_it_was_and_votes_for_nothing(
    tmp_path: Path, scripted: Callable[..., Any]
):
    def reply(ask: Any) -> str:
        return " " if ask.role == "plan" or (ask.seed or 0) % 2 else "So.\nAnswer: 1"

    record = recording(recorder(scripted(reply).team, "cope"), tmp_path, 1)
    first = record.rounds[0]
    silent = first.votes[0] == -1
    assert silent.any() and not silent.all()
    assert (first.answers[0] == None).tolist() == silent.tolist()  # noqa: E711
    assert (first.scores[0] == ~silent).all()
    assert first.forwarded_plans[0] is None and all(plan is None for plan in first.plans[0])
    assert {row["unread"] for row in record.rows(0) if row["answer"] is None} == {" "}


def test_the_same_answer_is_scored_once(tmp_path: Path, scripted: Callable[..., Any]):
    asked: list[str | None] = []

    class Counting:
        name, domain, test_visibility = "counting", "short-answer", ""

        async def score(self, example: dspy.Example, answer: str | None) -> Score:
            asked.append(answer)
            return Score(float(answer == "1"), "told")

    recording(
        recorder(scripted(agree).team, "cope", "large", "self-consistency"), tmp_path, 1, Counting()
    )
    assert asked == ["1"]


def test_rounds_that_two_programs_share_are_asked_once(
    tmp_path: Path, scripted: Callable[..., Any]
):
    models = scripted(unsure)
    both = recorder(
        models.team,
        "answer-cascade",
        load_preset("answer-cascade").model_copy(update={"name": "other"}),
    )
    record = recording(both, tmp_path, 1)
    assert len(models.asks) == 17
    ours, theirs = record.programs["answer-cascade"][0], record.programs["other"][0]
    assert (ours.answers == theirs.answers).all() and (
        ours.reason_calls.calls == theirs.reason_calls.calls
    ).all()


class Sure(LocalEngine):
    """Gives log-probabilities where they are asked for: -0.5 a token."""

    def dump_state(self) -> dict[str, Any]:
        return {}

    async def agenerate(self, request: Any) -> Any:
        chat_messages(request)
        scores = (
            [{"token": "a", "logprob": -0.5}] * 3 if request.config.logprobs is not None else None
        )
        return response(
            request, "Answer: 1", finish="length", prompt=9, completion=3, cached=4, logprobs=scores
        )


def test_log_probabilities_are_kept_where_the_engine_gives_them(tmp_path: Path):
    team = Team(Sure(), Sure(), cache=False)
    team["small"].lm.kwargs["logprobs"] = True
    first, last = (
        rounds[0].reason_calls
        for rounds in recording(recorder(team, "small", "large"), tmp_path, 1).programs.values()
    )
    assert first.logprob.tolist() == [[-1.5]] and np.isnan(last.logprob).all()
    assert (first.cached_tokens[0, 0], first.truncated[0, 0]) == (4, 1)
    calls = next((tmp_path / "runs").glob("*/calls.jsonl")).read_text()
    assert '"logprob": -1.5' in calls and "top_logprobs" not in calls, (
        "the sum is kept and not every token"
    )


class Box:
    """A sandbox in which a program `PASSED` passes so many tests."""

    async def run(self, program: str, suite: Any) -> TestReport:
        passed = int(program.split("return ")[1])
        return TestReport(
            tuple(
                TestOutcome(t, n < passed, "" if n < passed else "no")
                for n, t in enumerate(suite.tests)
            )
        )


class Programs:
    name, domain, test_visibility = "mbpp", "code", "1 of 2 tests shown"

    async def score(self, example: dspy.Example, answer: str | None) -> Score:
        return Score(float(answer is not None and "return 2" in answer), "hidden tests")


def test_programs_are_recorded_with_what_they_pass_and_replayed_like_a_live_run(
    tmp_path: Path, scripted: Callable[..., Any]
):
    def reply(ask: Any) -> str:
        if ask.role == "plan":
            return f"Plan {ask.seed}."
        return f"```python\ndef f(x):\n    return {2 if ask.tier == 'large' else (ask.seed or 0) % (2 + (' 1 ' in ask.user))}\n```"

    asked = [
        dspy.Example(
            id=f"p{n}",
            question=f"Write {n} f.",
            answer="",
            setup="",
            entry_point="f",
            tests=["assert f(1)", "assert f(2)"],
        ).with_inputs("question", "tests", "setup", "entry_point")
        for n in range(2)
    ]
    models = scripted(reply)
    more = {"domain": "code", "confidence": VisibleTests(lambda: Box())}
    record = recording(recorder(models.team, "cope", **more), tmp_path, asked, Programs())
    first = record.rounds[0]
    assert set(first.kind) == {"tests"} and (first.tests_total == 2).all()
    assert ((first.tests_passed == 2) == first.right).all() and first.right[1].any()
    for count in (8, 3):
        replay, preset = Replay(record, samples=count), load_preset("cope").with_overrides(count)
        live, made = (
            Cascade(preset, models.team, early_stop="none", **more),
            {r.id: r for r in replay_results(replay).results},
        )
        for example in asked:
            if example.id not in made:
                continue
            told, ours = live(**example.inputs()), made[example.id]
            assert (ours.answer, ours.round, ours.votes) == (told.answer, told.round, told.votes)
        assert count < 8 or (made["p1"].round, made["p0"].round) == (1, 3)
    assert {"tests_failure": "no"}.items() <= next(
        r for r in record.rows(0) if r["tests_passed"] == 1
    ).items()


def test_an_ensemble_and_a_program_that_stops_early_are_refused(scripted: Callable[..., Any]):
    team = scripted(agree).team
    with pytest.raises(CopeError, match="early_stop='none'"):
        Recorder({"cope": Cascade("cope", team)})
    with pytest.raises(CopeError, match="make it without give_up="):
        Recorder({"cope": Cascade("cope", team, early_stop="none", give_up=GiveUp([], []))})
    pair = [Cascade("cope", team, early_stop="none") for _ in range(2)]
    several = Ensemble.from_cascades(pair)
    with pytest.raises(CopeError, match="ensemble"):
        Recorder({"cope": several})
