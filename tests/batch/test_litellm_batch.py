"""Batches by LiteLLM's own client, against a batch API behind an address."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.batch_api import BatchAPI, BatchServer
from support.servers import serving
from support.table_runs import TEXT

from cope import Cascade, CopeError, Team
from cope.batch.job import TableJob
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import file_table
from cope.models import Price

pytestmark = [
    pytest.mark.slow,  # LiteLLM takes seconds to import
    pytest.mark.filterwarnings("ignore:Accessing the 'model_:DeprecationWarning"),
]


class Table:
    """A table of two questions, answered in batches by LiteLLM."""

    def __init__(self, folder: Path, server: BatchServer) -> None:
        self.folder, self.api = folder / "out", server.api
        self.tier = f"openai/small@{server.base}"
        self.input = folder / "in.jsonl"
        self.input.write_text('{"text": "What is 1?"}\n{"text": "What is 2?"}\n')

    def run(self, provider: str, **settings: str) -> Any:
        prices = {"small": Price(1, 2), "large": Price(10, 20)}
        team = Team(self.tier, self.tier, cache=False, prices=prices, keys={"small": "MY_KEY"})
        system = Cascade("small", team, answer_kind="text")
        chosen = {"settle": "0.02", "poll": "0", "litellm": provider} | settings
        options = BatchOptions(
            folder=str(self.folder), mapping=TEXT, runner="openai-batch", runner_settings=chosen
        )
        return run_batch(TableJob(file_table(self.input), system, options, "text"))


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setenv("MY_KEY", "sk-my-own-key")

    def reply(body: dict[str, Any]) -> str:
        return f"so\nAnswer: {body['messages'][-1]['content'].split('What is ')[1][0]}"

    with serving(BatchServer(BatchAPI(reply))) as server:
        yield Table(tmp_path, server)


@pytest.mark.parametrize("provider", ["openai", "hosted_vllm", "litellm_proxy"])
def test_rows_are_answered_at_the_address_and_with_the_key_of_the_tier(table: Table, provider: str):
    report = table.run(provider)
    assert [row["answer"] for row in pq.read_table(table.folder).to_pylist()] == ["1", "2"]
    assert set(table.api.asked.values()) == {1} and len(table.api.asked) == 2
    assert table.api.keys == {"Bearer sk-my-own-key"}
    assert report.stages[0].usage.usd == pytest.approx(2 * (100 * 1 + 10 * 2) / 1e6 / 2)
    for file in table.folder.rglob("*"):
        assert file.is_dir() or b"sk-my-own-key" not in file.read_bytes()


def test_an_expired_batch_is_submitted_again_and_an_error_is_its_rows(table: Table):
    table.api.expires_after = 1
    table.run("openai")
    assert set(table.api.asked.values()) == {1}
    table.input.write_text('{"text": "What is 1?"}\n{"text": "What is 3?"}\n')
    table.folder = table.folder.with_name("other")
    good = table.api.reply
    table.api.reply = lambda body: 400 if "What is 3" in json.dumps(body) else good(body)
    table.run("openai")
    rows = pq.read_table(table.folder).to_pylist()
    assert rows[0]["answer"] == "1" and "status 400" in rows[1]["error"]


def test_a_batch_that_failed_or_a_provider_without_batches_is_one_line(table: Table):
    table.api.fails = True
    with pytest.raises(CopeError, match="is failed: the file has too many lines; the same"):
        table.run("openai")
    for provider in ("opanai", "ollama"):
        with pytest.raises(CopeError, match=f"^LiteLLM's {provider}: .*resumes$") as caught:
            table.run(provider)
        assert "\n" not in str(caught.value)
