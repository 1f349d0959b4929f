"""`cope.run`: a DataFrame, a list or a file in, and the same out."""

import asyncio
from pathlib import Path
from typing import Any

import pandas
import pytest
from support.hub_datasets import give_dataset

import cope
from cope import CopeError, Team
from cope.models import ScriptedEngine


def test_a_frame_comes_back_with_its_index_types_and_answers(answering: Any):
    frame = pandas.DataFrame(
        {"text": ["What is 1?", None, "What is 3?"], "n": [1, 2, 3], "x": [0.5, None, 1.5]},
        index=["a", "b", "c"],
    )
    before = frame.copy()
    made = cope.run(frame, "text", program=answering.cascade, columns=["answer", "calls", "error"])
    pandas.testing.assert_frame_equal(frame, before)
    pandas.testing.assert_frame_equal(made[["text", "n", "x"]], before)
    assert made.answer.fillna("none").tolist() == ["1", "none", "3"]
    assert made.calls.tolist() == [1, 0, 1]
    assert "the row has no text" in made.error["b"]


def test_records_and_texts_come_back_as_records(answering: Any):
    rows = [{"text": "What is 1?", "answer": "mine"}]
    made = cope.run(rows, "text", program=answering.cascade, columns=["answer"])
    assert made == [{"text": "What is 1?", "answer": "mine", "cope_answer": "1"}]
    made = cope.run(["What is 2?"], program=answering.cascade, columns=["answer"])
    assert made == [{"question": "What is 2?", "answer": "2"}]


def test_a_file_is_written_and_resumed(answering: Any, tmp_path: Path, rows: list[dict[str, str]]):
    pandas.DataFrame(rows).to_csv(tmp_path / "in.csv", index=False)
    output = tmp_path / "out.parquet"
    for _ in range(2):
        made = cope.run(tmp_path / "in.csv", "text", program=answering.cascade, output=output)
        assert made == output and len(answering.asked) == 7
    assert pandas.read_parquet(output).answer.tolist() == [str(n) for n in range(1, 8)]
    frame = cope.run(
        pandas.DataFrame(rows), "text", program=answering.cascade, output=tmp_path / "b.csv"
    )
    assert pandas.read_csv(tmp_path / "b.csv").answer.tolist() == list(range(1, 8))
    assert frame.answer.tolist() == [str(n) for n in range(1, 8)]


def test_the_types_of_a_frame_are_those_of_its_parquet_file(answering: Any, tmp_path: Path):
    import numpy as np

    frame = pandas.DataFrame({"question": ["What is 1?", "What is 2?"], "n": [np.int8(1), 2]})
    frame["day"] = pandas.to_datetime(["2020-01-01", None])
    frame["tag"] = frame["question"].astype("category")
    cope.run(frame, program=answering.cascade, output=tmp_path / "a.parquet", columns=["answer"])
    made = pandas.read_parquet(tmp_path / "a.parquet")
    assert made.dtypes[["n", "day", "tag"]].tolist() == frame.dtypes[["n", "day", "tag"]].tolist()
    mixed = pandas.DataFrame(
        {"question": ["What is 1?", "What is 2?"], "x": [1, "a"]}, dtype=object
    )
    cope.run(mixed, program=answering.cascade, output=tmp_path / "b.parquet")
    assert pandas.read_parquet(tmp_path / "b.parquet").x.tolist() == ["1", "a"]
    records = [{"question": "What is 1?", "n": np.int64(3), "v": np.array([1, 2])}]
    cope.run(records, program=answering.cascade, output=tmp_path / "c.jsonl", columns=["answer"])
    line = (tmp_path / "c.jsonl").read_text()
    assert line == '{"question": "What is 1?", "n": 3, "v": [1, 2], "answer": "1"}\n'


def test_rows_that_the_budget_does_not_allow_have_no_answer_and_say_so(
    answering: Any, rows: list[dict[str, str]]
):
    made = cope.run(rows, "text", program=answering.cascade, budget=1e-7)
    assert [row["answer"] for row in made] == ["1"] + [None] * 6
    assert "allows no further question" in made[3]["error"]


def test_a_set_of_the_hub_is_a_table(
    answering: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[Any] = []

    def load_dataset(*args: Any, **options: Any) -> list[dict[str, Any]]:
        asked.append((args, options))
        return [{"q": "What is 1?", "tags": ["a"], "label": 0}, {"q": "What is 2?", "tags": None}]

    give_dataset(monkeypatch, load_dataset)
    made = cope.run(
        "hub:o/n:c", "q", split="train", program=answering.cascade, output=tmp_path / "a.csv"
    )
    assert asked == [(("o/n", "c"), {"split": "train"})]
    assert pandas.read_csv(made).answer.tolist() == [1, 2]


def test_choices_are_a_list_and_the_answer_is_one_of_them():
    team = Team(ScriptedEngine(lambda messages, request: "Answer: (b)"), cache=False)
    made = cope.run(["Which?"], choices=["red", "green"], program="small", team=team)
    assert made[0]["answer"] == "green"


def test_it_runs_inside_a_running_loop_as_notebooks_have_one(answering: Any):
    async def cell() -> Any:
        return cope.run(["What is 2?"], program=answering.cascade)

    assert asyncio.run(cell())[0]["answer"] == "2"


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (3, {}, "the table is a int"),
        ("in.csv", {}, "a file needs output="),
        (["q"], {"team": Team(cache=False)}, "leave out team="),
        ([], {}, "the table has no rows"),
        ([{"a": "q"}], {}, "no column 'question'"),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), {}, "two columns of the DataFrame"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    table: Any, options: dict[str, Any], message: str, answering: Any
):
    with pytest.raises(CopeError, match=message):
        cope.run(table, program=answering.cascade, **options)
    assert not answering.asked
