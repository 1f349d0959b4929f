"""A record holds every sample of every round, whatever the gates say, and a run that ends early asks nothing twice."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import numpy as np
import pytest
from dspy.lm15 import InvalidRequestError
from support.recordings import SETTINGS, examples, recorder, recording, unsure

from cope import Cascade, CopeError, Team
from cope.eval import (
    Recorder,
    Recording,
    Replay,
    RunStore,
    Score,
    evaluate,
    replay_results,
    task_by_name,
)
from cope.eval.recording.schema import COLUMNS
from cope.models import Price
from cope.models.engines.base import LocalEngine, chat_messages, response
from cope.programs import VisibleTests, load_preset
from cope.programs.ensemble import Ensemble
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


def test_a_run_that_ends_early_goes_on_and_comes_to_the_same_record(
    tmp_path: Path, scripted: Callable[..., Any]
):
    failing = True

    def reply(ask: Any) -> str:
        if failing and "3 +" in ask.user and ask.tier == "large" and ask.role == "reason":
            raise CopeError("the model is gone")
        return unsure(ask)

    models, whole = scripted(reply), scripted(unsure)
    with pytest.raises(CopeError, match="the model is gone"):
        recording(recorder(models.team, "cope"), tmp_path / "a", 5)
    early = Counter(models.asks)
    failing = False
    record = recording(recorder(models.team, "cope"), tmp_path / "a", 5)
    other = recording(recorder(whole.team, "cope"), tmp_path / "b", 5)
    again = Counter(models.asks) - early
    twice = {ask for ask in again if early[ask] and not ("3 +" in ask.user and ask.tier == "large")}
    assert len(twice) <= 16, "no more than what was in flight is asked again"
    timed = [c.name for c in COLUMNS if c.name.endswith("seconds")]
    assert record.table.drop_columns(timed).equals(other.table.drop_columns(timed))
    asked = len(models.asks)
    recording(recorder(models.team, "cope"), tmp_path / "a", 5)
    assert len(models.asks) == asked


def test_more_samples_and_more_programs_ask_only_what_is_new(
    tmp_path: Path, scripted: Callable[..., Any]
):
    models = scripted(agree)
    few = load_preset("answer-cascade").with_overrides(3)
    recording(recorder(models.team, few), tmp_path, 1)
    assert len(models.asks) == 3 + 3 + 1
    record = recording(recorder(models.team, few.with_overrides(5), "large"), tmp_path, 1)
    assert len(models.asks) == 7 + 4 + 1
    assert record.rounds[0].samples == 5 and list(record.programs) == ["answer-cascade", "large"]


def test_a_question_on_which_a_model_failed_is_in_the_manifest_and_has_no_rows(
    tmp_path: Path, scripted: Callable[..., Any]
):
    def reply(ask: Any) -> str:
        if "1 +" in ask.user:
            raise InvalidRequestError("no such thing")
        return agree(ask)

    record = recording(recorder(scripted(reply).team, "small"), tmp_path, 3)
    assert record.ids == ["q0", "q2"] and record.manifest.questions == 2
    assert [failed["id"] for failed in record.manifest.failed] == ["q1"]


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
    pair = [Cascade("cope", team, early_stop="none") for _ in range(2)]
    several = Ensemble.from_cascades(pair)
    with pytest.raises(CopeError, match="ensemble"):
        Recorder({"cope": several})


def test_the_run_can_be_budgeted_as_an_evaluation(tmp_path: Path, scripted: Callable[..., Any]):
    models = scripted(agree, prices={"small": Price(1e5, 1e5), "large": Price(1e5, 1e5)})
    programs, folder = recorder(models.team, "small"), RunStore(SETTINGS, tmp_path)
    with folder.open():
        work = evaluate(
            task_by_name("jsonl"),
            examples(4),
            programs.primary,
            folder,
            budget=8,
            runner=programs.runner,
            in_flight=1,
        )
        outcome = asyncio.run(work)
    assert outcome.stop_reason and 0 < len(outcome.results) < 4


@pytest.mark.slow
def test_kills_lose_nothing_and_no_finished_call_is_asked_again(
    tmp_path: Path, scripted: Callable[..., Any]
):
    kills, in_flight, root = 5, 8 + 8, tmp_path / "killed"
    root.mkdir()
    words = [
        sys.executable,
        str(Path(__file__).parent / "_killed_record.py"),
        str(root),
        str(kills),
    ]
    assert (
        int(subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout)
        == kills
    )
    models = scripted(unsure)
    alone = recording(recorder(models.team, "cope", "large"), tmp_path / "alone", 4).table
    timed = [c.name for c in COLUMNS if c.name.endswith("seconds")]
    assert (
        Recording.open(root / "r.parquet")
        .table.drop_columns(timed)
        .equals(alone.drop_columns(timed))
    )
    again = len((root / "asked").read_text().splitlines()) - len(models.asks)
    assert again <= kills * in_flight, "more was asked again than what was in flight at each kill"
    (calls,) = root.glob("runs/*/calls.jsonl")
    keys = Counter(json.loads(line)["key"] for line in calls.read_text().splitlines())
    assert max(keys.values()) == 1, "a call that was finished and recorded was made again"
