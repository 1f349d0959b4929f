"""`cope eval --by FIELD`: accuracy, cost and rounds for each value of a field of the rows."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done, error_line, give_team, give_tracker

from cope import Team
from cope.eval.run.by_field import values_by_key
from cope.eval.tasks.jsonl import JSONL
from cope.models import ScriptedEngine
from cope.report import open_source, report_data

LEVELS = ["10", "2", "2", "hard, very", None]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five questions of four levels; the models are right about those of level 2 alone."""
    rows = []
    for number, level in enumerate(LEVELS):
        answer = "42" if level == "2" else "7"
        rows.append({"question": f"Question {number}?", "answer": answer, "level": level})
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)
    engines = [ScriptedEngine(lambda *_: "So.\nAnswer: 42") for _ in range(2)]
    give_team(monkeypatch, lambda options: Team(*engines, cache=False))


def evaluate(*more: str) -> Any:
    return done("eval", "jsonl", "--data", "rows.jsonl", "--preset", "small", *more)


def test_the_table_and_the_document_have_a_row_for_each_value():
    text = evaluate("--by", "level", "--no-track").stdout
    lines = [" ".join(line.split()) for line in text.splitlines()]
    start = next(n for n, line in enumerate(lines) if line.startswith("level n accuracy"))
    firsts = [line.split("%")[0] for line in lines[start + 1 : start + 5]]
    assert firsts == ["2 2 100.0", "10 1 0.0", "(none) 1 0.0", "hard, very 1 0.0"]
    parts = json.loads(evaluate("--by", "level", "--no-track", "--json").stdout)["by"]
    assert parts["field"] == "level"
    assert {value: part["n"] for value, part in parts["values"].items()} == {
        "2": 2,
        "10": 1,
        "(none)": 1,
        "hard, very": 1,
    }
    assert parts["values"]["2"]["accuracy"] == 1.0 and parts["values"]["2"]["total"]["calls"] == 2
    plain = json.loads(evaluate("--no-track", "--json").stdout)
    assert "by" not in plain
    (system,) = report_data(open_source(Path(plain["folder"])))["systems"]
    found = {row["value"]: row["n"] for row in system["by"][0]["values"]}
    assert found == {"2": 2, "10": 1, "(none)": 1, "hard, very": 1}, "the report has it too"


def test_mlflow_gets_the_parts_under_names_that_it_takes(monkeypatch: pytest.MonkeyPatch):
    tracker = give_tracker(monkeypatch)
    evaluate("--by", "level")
    (run,) = tracker.runs.values()
    assert run.metric_values["by.level.2.accuracy"] == 1.0
    assert run.metric_values["by.level.hard_ very.questions"] == 1


@pytest.mark.parametrize(
    ("field", "message"),
    [("levl", "no question has this field: did you mean level"), ("x", "there are level")],
)
def test_an_unknown_field_names_those_that_are_there(field: str, message: str):
    result = cope("eval", "jsonl", "--data", "rows.jsonl", "--by", field, "--no-track")
    assert message in error_line(result)


def test_long_texts_and_answers_are_no_fields(tmp_path: Path):
    row = {"question": "Q?", "answer": "1", "level": 1, "text": "x" * 81, "tags": ["a"]}
    (tmp_path / "one.jsonl").write_text(json.dumps(row))
    examples = JSONL.load("test", data=str(tmp_path / "one.jsonl"))
    assert examples[0].fields == {"level": "1"}
    assert list(values_by_key(examples, "level").values()) == ["1"]
