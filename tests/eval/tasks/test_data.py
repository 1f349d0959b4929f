"""Questions from files: every format, and one clear line for whatever is wrong with a row."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.hub_datasets import give_dataset

from cope.errors import CopeError
from cope.eval.tasks.data import load_from_file
from cope.eval.tasks.registry import task_by_name

ROWS = [
    {"question": "1 + 1?", "answer": "2"},
    {"question": "Which agent, 7 or 007?", "answer": "007"},
]


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_jsonl_csv_and_parquet_give_the_same_rows(tmp_path: Path):
    import pandas

    jsonl = write(
        tmp_path / "a.jsonl",
        '{"question": "1 + 1?", "answer": "2"}\n\n{"question": "Which agent, 7 or 007?", "answer": "007"}\n',
    )
    csv = write(tmp_path / "a.csv", 'question,answer\n1 + 1?,2\n"Which agent, 7 or 007?",007\n')
    parquet = str(tmp_path / "a.parquet")
    pandas.DataFrame(ROWS).to_parquet(parquet)
    assert load_from_file(jsonl) == load_from_file(csv) == load_from_file(parquet) == ROWS


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.jsonl",
            '{"question": "q", "answer": "1"}\n{"question": "q"}\n',
            "line 2: the row has no answer",
        ),
        ("a.jsonl", '{"question": "q", "answer": null}\n', "line 1: the row has no answer"),
        ("a.jsonl", '{"question": " ", "answer": "1"}\n', "line 1: the row has no question"),
        ("a.jsonl", '{"question": "q", "answer": "1"}\n{"question": \n', "line 2: not JSON"),
        ("a.jsonl", "[1, 2]\n", "line 1: a row must be a JSON object"),
        ("a.jsonl", "", "has no rows"),
        (
            "a.jsonl",
            '{"id": 1, "question": "q", "answer": "1"}\n{"id": 1, "question": "p", "answer": "1"}\n',
            "line 2: id 1",
        ),
        ("a.csv", "question,answer\nq,1\np,\n", "line 3: the row has no answer"),
        ("a.csv", "question,solution\nq,1\n", "line 2: the row has no answer"),
        ("a.parquet", "not parquet at all", "cannot read"),
        ("a.xlsx", "x", "use .jsonl, .ndjson, .json, .csv, .tsv, .parquet"),
    ],
)
def test_bad_files_give_one_line_that_names_the_place(
    tmp_path: Path, name: str, text: str, message: str
):
    path = write(tmp_path / name, text)
    with pytest.raises(CopeError, match=message) as raised:
        load_from_file(path)
    assert path in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_says_so(tmp_path: Path):
    with pytest.raises(CopeError, match="there is no file"):
        load_from_file(str(tmp_path / "none.jsonl"))


def test_bytes_that_are_not_text_say_so(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"question": "\xff\xfe"}')
    with pytest.raises(CopeError, match="line 1 is not UTF-8: save the file as UTF-8"):
        load_from_file(str(path))


def test_a_task_of_the_users_needs_a_file_and_an_unknown_one_names_the_nearest():
    with pytest.raises(CopeError, match="--data FILE"):
        task_by_name("jsonl").load("test")
    with pytest.raises(CopeError, match="did you mean gsm8k"):
        task_by_name("gsm8")


def test_gsm8k_takes_the_final_answer_out_of_a_worked_one(tmp_path: Path):
    path = write(
        tmp_path / "a.jsonl",
        '{"question": "q", "answer": "2 * 3 = 6\\n#### 6"}\n{"question": "p", "answer": "5"}\n',
    )
    examples = task_by_name("gsm8k").load("test", data=path)
    assert [e.answer for e in examples] == ["6", "5"]
    assert [e.id for e in examples] == ["gsm8k-test-0", "gsm8k-test-1"]
    assert [e.id for e in task_by_name("gsm8k").load("test", 1, path)] == ["gsm8k-test-0"]


@pytest.mark.parametrize(
    ("row", "steps"),
    [
        ({"answer": "2 * 3 = <<2*3=6>>6 eggs.\nSo 6.\n#### 6"}, "2 * 3 = 6 eggs.\nSo 6."),
        ({"answer": "6", "solution": "2 * 3 = 6\n#### 6"}, "2 * 3 = 6"),
        ({"answer": "6", "reasoning": "twice 3", "solution": "3 + 3"}, "twice 3"),
        ({"answer": "#### 6"}, None),
        ({"answer": "6", "solution": ""}, None),
    ],
)
def test_a_worked_solution_is_kept_for_demonstrations(
    row: dict[str, str], steps: str | None, tmp_path: Path
):
    path = write(tmp_path / "a.jsonl", json.dumps({"question": "q", **row}) + "\n")
    (example,) = task_by_name("gsm8k").load("train", data=path)
    assert example.answer == "6" and example.get("reasoning") == steps
    assert set(example.inputs().keys()) == {"question"}, "no model is asked with it"


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_hub_is_asked_by_its_own_names(real: bool, monkeypatch: pytest.MonkeyPatch):
    """The real package takes a second to import."""
    asked = []

    def load_dataset(*args: object, **kwargs: object) -> list[dict[str, str]]:
        asked.append((args, kwargs))
        return [{"problem": "p", "answer": "\\frac{1}{2}", "unique_id": "x/1"}]

    if real:
        monkeypatch.setattr("datasets.load_dataset", load_dataset)
    else:
        give_dataset(monkeypatch, load_dataset)
    (example,) = task_by_name("math500").load("test")
    assert asked == [(("HuggingFaceH4/MATH-500", None), {"split": "test"})]
    assert (example.id, example.question, example.answer) == ("x/1", "p", "\\frac{1}{2}")


def test_a_hub_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch):
    def load_dataset(*args: object, **kwargs: object) -> Any:
        raise ConnectionError("no route\nto host")

    give_dataset(monkeypatch, load_dataset)
    with pytest.raises(CopeError, match="go online, or give a local copy") as raised:
        task_by_name("gsm8k").load("test")
    assert "\n" not in str(raised.value)
