"""Batches of requests: each request once, half the price, expired ones again, resuming by id."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.batch_api import BatchAPI, answered_line
from support.table_runs import TEXT

from cope import Cascade, CopeError, Team
from cope.batch.job import TableJob
from cope.batch.runners.base import RUNNERS, RunnerContext
from cope.batch.runners.batch_service import OpenAIBatches
from cope.batch.runners.openai_batch import OpenAIBatchRunner
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import file_table
from cope.models import Price, ScriptedEngine

SMALL = "openai/small@http://127.0.0.1:9/v1"
LARGE = "openai/large@http://127.0.0.1:9/v1"
QUICK = {"settle": "0.02", "poll": "0"}


def answer(body: dict[str, Any]) -> str:
    """Return the number in a question; the small model is not sure about even ones."""
    text = body["messages"][-1]["content"]
    number = re.findall(r"What is (\d+)", text)[0]
    if body["model"] == "small" and int(number) % 2 == 0:
        answer.draws += 1
        return f"so\nAnswer: {answer.draws}"
    return f"so\nAnswer: {number}"


answer.draws = 100


class Batches:
    """A table that is answered by a batch API."""

    def __init__(self, folder: Path, api: BatchAPI) -> None:
        self.folder, self.api = folder / "out", api
        self.input = folder / "in.jsonl"
        rows = "".join(json.dumps({"text": f"What is {n}?"}) + "\n" for n in range(1, 6))
        self.input.write_text(rows)
        self.small: Any = SMALL
        self.early_stop = "none"
        self.prices = {"small": Price(1, 2), "large": Price(10, 20)}

    def run(self, **options: Any) -> Any:
        team = Team(self.small, LARGE, cache=False, prices=self.prices)
        cascade = Cascade(
            "cope", team, answer_kind="text", early_stop=self.early_stop
        ).with_settings
        preset = Cascade("cope", team).preset.with_overrides(samples=4)
        system = cascade(preset, 0)
        settings = options.pop("settings", QUICK)
        made = {"folder": str(self.folder), "mapping": TEXT, "shard_rows": 2, "runner": "fake"}
        chosen = BatchOptions(**(made | {"runner_settings": settings} | options))
        return run_batch(TableJob(file_table(self.input), system, chosen, "text"))

    def answers(self) -> list[dict[str, Any]]:
        return pq.read_table(self.folder).to_pylist()


@pytest.fixture
def batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    api = BatchAPI(answer)

    def runner(context: RunnerContext) -> OpenAIBatchRunner:
        made = OpenAIBatchRunner(context)
        if isinstance(made._service, OpenAIBatches):
            made._service.transport = api.transport
            made._service.sleep = lambda seconds: None
        return made

    RUNNERS.register("fake", runner)
    yield Batches(tmp_path, api)
    RUNNERS.unregister("fake")


def test_every_request_is_in_a_batch_once_at_half_the_price(batches: Batches):
    report = batches.run()
    rows = batches.answers()
    assert [row["answer"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["round"] for row in rows] == [1, 3, 1, 3, 1]
    assert set(batches.api.asked.values()) == {1}
    first, second, third = report.stages
    assert (first.usage.calls, second.usage.calls, third.usage.calls) == (40, 10, 2)
    assert first.usage.usd == pytest.approx(40 * (100 * 1 + 10 * 2) / 1e6 / 2)
    assert third.usage.usd == pytest.approx(2 * (100 * 10 + 10 * 20) / 1e6 / 2)
    assert rows[0]["usd"] == pytest.approx(8 * 120 / 1e6 / 2)
    assert {(line["method"], line["url"]) for line in batches.api.lines} == {
        ("POST", "/v1/chat/completions")
    }
    models = [{line["body"]["model"]} for line in batches.api.lines]
    assert {"small"} in models and {"large"} in models
    assert len(batches.api.batches) == 2 + 2 + 1, "plans, then answers; one batch for all shards"


@pytest.mark.slow
def test_an_exact_stop_leaves_no_paid_call_out_of_the_bill(batches: Batches):
    batches.early_stop = "exact"
    report = batches.run()
    assert sum(stage.usage.calls for stage in report.stages) == sum(batches.api.asked.values())
    assert [row["answer"] for row in batches.answers()] == ["1", "2", "3", "4", "5"]


@pytest.mark.slow
def test_requests_of_an_expired_batch_are_submitted_again(batches: Batches):
    batches.api.expires_after = 3
    batches.run()
    assert [row["answer"] for row in batches.answers()] == ["1", "2", "3", "4", "5"]
    assert set(batches.api.asked.values()) == {1}


@pytest.mark.slow
def test_an_error_of_a_request_is_its_rows_and_asked_again_on_request(batches: Batches):
    batches.api.reply = lambda body: 400 if "What is 3" in str(body) else answer(body)
    assert batches.run().totals.failed == 1
    failed = [row for row in batches.answers() if row["error"]]
    assert [row["text"] for row in failed] == ["What is 3?"] and "status 400" in failed[0]["error"]
    batches.api.reply = answer
    asked = sum(batches.api.asked.values())
    assert batches.run(retry_errors=True).totals.failed == 0
    assert sum(batches.api.asked.values()) == asked + 8


@pytest.mark.slow  # a request that expires is asked again the same way
def test_a_busy_server_is_asked_again_in_the_next_batch(batches: Batches):
    left = {"busy": 3}

    def reply(body: dict[str, Any]) -> str | int:
        if left["busy"]:
            left["busy"] -= 1
            return 429
        return answer(body)

    batches.api.reply = reply
    assert batches.run().totals.failed == 0


@pytest.mark.slow  # an interrupted batch goes the same way
def test_a_batch_that_fails_as_a_whole_stops_and_is_submitted_again(batches: Batches):
    batches.api.fails = True
    with pytest.raises(CopeError, match="is failed: the file has too many lines; the same command"):
        batches.run()
    batches.run()
    assert set(batches.api.asked.values()) == {1}


@pytest.mark.slow
def test_an_interrupted_batch_is_found_again_by_its_id(
    batches: Batches, monkeypatch: pytest.MonkeyPatch
):
    results = OpenAIBatches.results

    async def lost(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(OpenAIBatches, "results", lost)
    with pytest.raises(KeyboardInterrupt):
        batches.run()
    monkeypatch.setattr(OpenAIBatches, "results", results)
    assert len(batches.api.batches) == 1
    batches.run()
    assert set(batches.api.asked.values()) == {1}
    assert len(batches.api.batches) == 5


@pytest.mark.slow
def test_a_limit_stops_between_stages(batches: Batches):
    stopped = batches.run(budget=0.00001)
    assert len(stopped.stages) == 2 and stopped.open == 2
    assert stopped.stop_reason.startswith("the limit of $1e-05 stops stage 2 with 2 open rows")
    errors = [row["error"] for row in batches.answers() if row["answer"] is None]
    assert len(errors) == 2 and errors[0].startswith("not asked in stage 2")
    assert batches.run(budget=1).open == 0 and set(batches.api.asked.values()) == {1}


@pytest.mark.slow
def test_a_local_tier_is_asked_here_and_once(batches: Batches):
    engine = ScriptedEngine(
        lambda messages, request: answer({"model": "small", "messages": messages})
    )
    batches.small = engine
    batches.run()
    assert {line["body"]["model"] for line in batches.api.lines} == {"large"}
    assert len(engine.requests) == 40 + 8
    assert [row["answer"] for row in batches.answers()] == ["1", "2", "3", "4", "5"]


@pytest.mark.slow
def test_files_are_written_for_another_program_and_read_back(batches: Batches, tmp_path: Path):
    files = tmp_path / "files"
    settings = QUICK | {"files": str(files)}
    for _ in range(5):
        with pytest.raises(CopeError, match=r"(?s)vllm run-batch -i .* --model (small|large)"):
            batches.run(settings=settings)
        for source in files.glob("*.jsonl"):
            if not source.name.endswith(".out.jsonl"):
                lines = [json.loads(line) for line in source.read_text().splitlines()]
                rows = [int(line["custom_id"].partition("-")[0]) for line in lines]
                assert rows == sorted(rows)
                text = "".join(json.dumps(answered_line(one, answer)) + "\n" for one in lines)
                source.with_suffix(".out.jsonl").write_text(text)
    report = batches.run(settings=settings)
    assert [row["answer"] for row in batches.answers()] == ["1", "2", "3", "4", "5"]
    assert report.stages[0].usage.usd == pytest.approx(40 * 120 / 1e6), "it has no discount"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"windw": "24h"}, "--runner-option windw: did you mean window"),
        ({"poll": "soon"}, "--runner-option: could not convert"),
    ],
)
def test_a_wrong_setting_is_one_line(batches: Batches, settings: dict[str, str], message: str):
    with pytest.raises(CopeError, match=message):
        batches.run(settings=settings)


@pytest.mark.slow
def test_the_key_is_sent_to_the_service_and_in_no_file(
    batches: Batches, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MY_KEY", "sk-secret-0123456789")
    made = partial(Team, keys={"small": "MY_KEY", "large": "MY_KEY"})
    monkeypatch.setitem(globals(), "Team", made)
    batches.run()
    assert batches.api.keys == {"Bearer sk-secret-0123456789"}
    for file in batches.folder.rglob("*"):
        assert file.is_dir() or b"sk-secret" not in file.read_bytes()
