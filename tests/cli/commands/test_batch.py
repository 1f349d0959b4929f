"""`cope batch` as a user types it: one JSON document, a table of stages, a limit, resuming."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support import commands
from support.commands import give_team
from support.table_runs import Answering


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answering:
    monkeypatch.chdir(tmp_path)
    lines = ["id,text", *(f"{n},What is {n}?" for n in range(4))]
    Path("t.csv").write_text("\n".join(lines))
    made = Answering()
    give_team(monkeypatch, lambda options: made.cascade.team)
    return made


def batch(*words: str) -> Any:
    return commands.cope("batch", "t.csv", "--question", "text", "-o", "out", *words)


def test_a_table_is_answered_and_the_same_command_asks_nothing_again(models: Answering):
    result = batch("--preset", "small", "--shard-rows", "3")
    assert result.exit_code == 0, result.output
    assert "out: 4 rows: 4 answered" in result.stdout and "1 small solves" in result.stdout
    assert "stage 1: small solves: 4 rows" in result.stderr
    rows = pq.read_table("out").to_pylist()
    assert [row["answer"] for row in rows] == ["0", "1", "2", "3"] and rows[0]["id"] == "0"
    asked = len(models.asked)
    document = json.loads(batch("--preset", "small", "--shard-rows", "3", "--json").stdout)
    assert len(models.asked) == asked
    assert (document["rows"], document["shards"], document["open"]) == (4, 2, 0)
    (stage,) = document["stages"]
    assert (stage["rows"], stage["answered"], stage["calls"]) == (4, 4, 4)
    assert stage["usd"] > 0 and stage["tokens"] > 0 and document["runner"] == "local"


def test_a_limit_that_is_reached_is_an_error_and_leaves_the_rows(models: Answering):
    result = batch("--preset", "small", "--max-cost", "0.00000001", "--json")
    assert result.exit_code == 1 and "with a larger --max-cost continues" in result.stderr
    assert json.loads(result.stdout)["open"] > 0
    rows = pq.read_table("out").to_pylist()
    assert len(rows) == 4 and all(row["answer"] or row["error"] for row in rows)


def test_a_runner_that_is_not_there_is_one_line(models: Answering):
    result = batch("--runner", "locl")
    assert result.exit_code == 1
    assert "no runner is named 'locl': did you mean local" in result.stderr


def test_a_job_for_spark_is_printed_and_nothing_is_asked(
    models: Answering, monkeypatch: pytest.MonkeyPatch
):
    words = ["batch", "t.csv", "--question", "text", "-o", "out", "--print-job"]
    monkeypatch.setattr("sys.argv", ["cope", *words])
    result = batch("--print-job")
    assert result.exit_code == 0 and not models.asked and not Path("out").exists()
    compile(result.stdout, "job.py", "exec")
    assert 'app(["batch", "t.csv", "--question", "text", "-o", "out", "--runner", "spark"]' in (
        result.stdout
    )
