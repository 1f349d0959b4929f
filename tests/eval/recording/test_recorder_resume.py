"""A run of a recorder that ends early goes on and asks nothing twice."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import InvalidRequestError
from support.recordings import SETTINGS, examples, recorder, recording, unsure

from cope import CopeError
from cope.eval import (
    Recording,
    RunStore,
    evaluate,
    task_by_name,
)
from cope.eval.recording.schema import COLUMNS
from cope.models import Price
from cope.programs import load_preset


def agree(ask: Any) -> str:
    return f"Plan {ask.seed}." if ask.role == "plan" else "So.\nAnswer: 1"


def test_a_run_that_ends_early_resumes_and_writes_the_same_record(
    tmp_path: Path, scripted: Callable[..., Any]
):
    failing = True

    def reply(ask: Any) -> str:
        if failing and "3 +" in ask.user and ask.tier == "large" and ask.role == "reason":
            raise CopeError("the model is gone")
        return unsure(ask)

    models, whole = scripted(reply), scripted(unsure)
    with pytest.raises(CopeError, match="the model is gone"):
        recording(recorder(models.team, "cope"), tmp_path / "a", 4)
    early = Counter(models.asks)
    failing = False
    record = recording(recorder(models.team, "cope"), tmp_path / "a", 4)
    other = recording(recorder(whole.team, "cope"), tmp_path / "b", 4)
    again = Counter(models.asks) - early
    twice = {ask for ask in again if early[ask] and not ("3 +" in ask.user and ask.tier == "large")}
    assert len(twice) <= 16, "no more than what was in flight is asked again"
    timed = [c.name for c in COLUMNS if c.name.endswith("seconds")]
    assert record.table.drop_columns(timed).equals(other.table.drop_columns(timed))
    asked = len(models.asks)
    recording(recorder(models.team, "cope"), tmp_path / "a", 4)
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


def test_a_record_that_is_resumed_with_other_prices_has_one_price(
    tmp_path: Path, scripted: Callable[..., Any]
):
    for count, price in ((2, Price(1, 2)), (4, Price(10, 20))):
        models = scripted(agree, prices={"small": price})
        programs, folder = recorder(models.team, "small"), RunStore(SETTINGS, tmp_path)
        with folder.open():
            work = evaluate(
                task_by_name("jsonl"),
                examples(count),
                programs.primary,
                folder,
                runner=programs.runner,
                prices=models.team.prices,
            )
            outcome = asyncio.run(work)
        rows = list(programs.rows(outcome.results, prices=outcome.prices))
    assert len(rows) == 4 and len(models.small.requests) == 2
    for row in rows:
        tokens = row["reason_prompt_tokens"], row["reason_completion_tokens"]
        assert row["reason_usd"] == pytest.approx(Price(10, 20).cost(*tokens, 0, 0.0))


@pytest.mark.slow
def test_kills_lose_nothing_and_no_finished_call_is_asked_again(
    tmp_path: Path, scripted: Callable[..., Any]
):
    kills, in_flight, root = 25, 8 + 8, tmp_path / "killed"
    root.mkdir()
    words = [
        sys.executable,
        str(Path(__file__).parent / "_killed_record.py"),
        str(root),
        str(kills),
    ]
    assert (
        int(subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout)
        == kills
    )
    models = scripted(unsure)
    alone = recording(recorder(models.team, "cope", "large"), tmp_path / "alone", 10).table
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
