"""What a record's judge and the grouping of its samples cost is in its metadata: no row has these calls."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import done, give_team

from cope import Team
from cope.eval import Recording, RunStore
from cope.models import Price, ScriptedEngine

GROUPS = """
name = "groups"
[[rounds]]
reasoner = "small"
samples = 3
temperature = 0.7
threshold = 0.6
confidence = "model-agreement"
[[rounds]]
reasoner = "large"
"""
PRICES = {"small": Price(1, 1), "large": Price(1, 1), "judge": Price(10, 10)}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("groups.toml").write_text(GROUPS)
    rows = [{"question": f"Write line {number}.", "answer": "a line"} for number in range(3)]
    Path("q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def small(messages: list[dict[str, str]], request: Any) -> str:
        if "1. " in messages[-1]["content"]:
            return "[[1, 2], [3]]"
        return f"A line of {request.config.seed}."

    engines = [ScriptedEngine(small), ScriptedEngine(lambda *_: "A large line.")]
    judge = ScriptedEngine(lambda *_: "yes")
    give_team(monkeypatch, lambda options: Team(*engines, judge=judge, cache=False, prices=PRICES))


def record(*words: str) -> Any:
    return done("record", "open", "--data", "q.jsonl", "-o", "r.parquet", "--also", "none", *words)


def test_calls_that_no_row_has_are_in_the_metadata_and_in_the_totals():
    words = ("--preset", "groups.toml", "--judge", "openai/judge")
    document = json.loads(record(*words, "--json").stdout)
    grouping, judging = sorted(document["other_usage"], key=lambda row: row["tier"], reverse=True)
    assert (grouping["tier"], grouping["round"], grouping["calls"]) == ("small", 1, 3)
    assert (judging["tier"], judging["round"]) == ("judge", 0)
    assert judging["calls"] == 3 * 4, "each distinct answer of a question is judged once"
    assert grouping["usd"] > 0 and judging["usd"] > 0
    recording = Recording.open("r.parquet")
    assert recording.manifest.other_usage == document["other_usage"]
    columns = sum(
        row[f"{role}_usd"] or 0.0
        for row in recording.table.to_pylist()
        for role in ("plan", "reason")
    )
    (folder,) = Path(".cope/record").glob("open-*")
    results = RunStore.read(folder).results.values()
    spent = sum(row["usd"] for one in results for row in one.usage + one.judge_usage)
    assert spent == pytest.approx(columns + grouping["usd"] + judging["usd"]), "no call is lost"
    text = record(*words).stdout
    assert "3 more calls of small in round 1, for no sample: $" in text
    assert "12 more calls of judge, for no sample: $" in text


def test_a_record_without_such_calls_has_no_key_of_them():
    document = json.loads(record("--preset", "small", "--json").stdout)
    assert "other_usage" not in document
    assert "other_usage" not in Recording.open("r.parquet").manifest.as_dict()
