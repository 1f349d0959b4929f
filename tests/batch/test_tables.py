"""Every format in and out: columns, cells and order of the input are kept."""

import io
import json
from pathlib import Path
from typing import Any

import pandas
import pytest

from cope import CopeError
from cope.batch.answer_columns import ADDED_COLUMNS, AnsweredRow, added_cells, output_names
from cope.batch.tables import file_table, records_table, scan, stream_table
from cope.batch.writers import open_writer
from cope.util.table_files import read_rows

ROWS: list[dict[str, Any]] = [
    {"id": "007", "text": 'a "quoted", text\nof two lines', "note": "x;y\tz"},
    {"id": "2", "text": "=SUM(1)", "note": "\u00e9\u4e2d"},
    {"id": "3", "text": "third"},
]
ANSWERS = [
    AnsweredRow(1, "B, or\nb", 0.75, 1, "small", False, 4, 120, None, 1.5),
    AnsweredRow(2, None, error="no answer could be read"),
    AnsweredRow(3, "\U0001f600 | 1", 1.0, 3, "large", True, 9, 300, 0.01, 2.0),
]


def write_input(folder: Path, suffix: str) -> Path:
    file = folder / f"in{suffix}"
    frame = pandas.DataFrame(ROWS)
    if suffix in (".csv", ".tsv"):
        frame.to_csv(file, index=False, sep="\t" if suffix == ".tsv" else ",")
    elif suffix == ".parquet":
        frame.to_parquet(file)
    elif suffix == ".json":
        file.write_text(json.dumps(ROWS))
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return file


def write_output(source: Path, output: Path) -> None:
    table = file_table(source)
    facts = scan(table)
    names = output_names(list(ADDED_COLUMNS), facts.columns)
    writer = open_writer(output, table, facts, dict(ADDED_COLUMNS), "answer")
    for row, answered in zip(table.read(), ANSWERS, strict=True):
        writer.write(row, added_cells(answered, names))
    writer.close()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet"])
@pytest.mark.parametrize("out", [".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"])
def test_a_table_comes_out_as_it_went_in_with_its_answers(suffix: str, out: str, tmp_path: Path):
    output = tmp_path / f"out{out}"
    write_output(write_input(tmp_path, suffix), output)
    rows = [row for _, row in read_rows(output)]
    for row, given, answered in zip(rows, ROWS, ANSWERS, strict=True):
        assert {name: row[name] for name in given} == given
        assert "note" in given or row.get("note") is None
        assert row.get("answer") == answered.answer
        assert str(row.get("error")) == str(answered.error)
    assert list(pandas.DataFrame(rows).columns)[:4] == ["id", "text", "note", "answer"]
    assert rows[0].get("usd") is None, "an unknown cost is an empty cell, and not 0"
    assert [str(row["calls"]) for row in rows] == ["4", "0", "9"]


def test_lines_of_text_come_in_and_answers_come_out(tmp_path: Path):
    file = tmp_path / "q.txt"
    file.write_text("\ufeffOne?\n\n  Two?  \nThree?", encoding="utf-8")
    assert [row["question"] for row in file_table(file).read()] == ["One?", "Two?", "Three?"]
    write_output(file, tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "B, or b\n\n\U0001f600 | 1\n"
    write_output(file, tmp_path / "a.csv")
    assert pandas.read_csv(tmp_path / "a.csv").question.tolist() == ["One?", "Two?", "Three?"]
    with stream_table(io.BytesIO(b"One?\nTwo?\n")) as table:
        assert scan(table).rows == 2 == len(list(table.read())), "it is read again and again"
    with stream_table(io.BytesIO(b"a,b\n1,2\n"), ".csv") as table:
        assert list(table.read()) == [{"a": "1", "b": "2"}]


def test_columns_without_a_name_and_without_a_cell_are_kept(tmp_path: Path):
    (tmp_path / "in.csv").write_text(",text,empty\n0,a,\n1,b,\n2,c,\n")
    write_output(tmp_path / "in.csv", tmp_path / "out.csv")
    given, made = (pandas.read_csv(tmp_path / name) for name in ("in.csv", "out.csv"))
    pandas.testing.assert_frame_equal(made[list(given.columns)], given)


def test_parquet_keeps_its_types_and_json_gets_types_that_hold_all_values(tmp_path: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    day = pa.array([0, None, 2], pa.timestamp("ms"))
    table = pa.table({"day": day, "tags": [["a"], [], None], "n": pa.array([1, 2, 3], pa.int8())})
    pq.write_table(table, tmp_path / "in.parquet")
    write_output(tmp_path / "in.parquet", tmp_path / "out.parquet")
    made = pq.read_table(tmp_path / "out.parquet")
    assert made.select(["day", "tags", "n"]).equals(table)
    rows: list[dict[str, Any]] = [{"a": 1, "b": True, "c": 1, "d": [1], "e": 2**70, "f": None}]
    rows += [{"a": 1.5, "b": False, "c": "x"}, {"b": None}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_output(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    made = pq.read_table(tmp_path / "out.parquet").select(["a", "b", "c", "d", "e", "f"])
    assert made.to_pydict() == {
        "a": [1.0, 1.5, None],
        "b": [True, False, None],
        "c": ["1", "x", None],
        "d": ["[1]", None, None],
        "e": [str(2**70), None, None],
        "f": [None, None, None],
    }


def test_an_added_column_never_replaces_one_of_the_input():
    assert output_names(["answer", "usd"], ["answer", "cope_answer"]) == {
        "answer": "cope_cope_answer",
        "usd": "usd",
    }


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "a,b\n1,2,3\n", "line 2 has 3 fields"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', "line 2: not JSON"),
        ("a.csv", "a,b\n", "a.csv has no rows"),
        ("a.txt", "\n\n", "a.txt has no rows"),
        ("a.xlsx", "x", "are not read"),
    ],
)
def test_a_damaged_table_is_found_by_the_scan(name: str, text: str, message: str, tmp_path: Path):
    (tmp_path / name).write_text(text)
    with pytest.raises(CopeError, match=message):
        scan(file_table(tmp_path / name))


def test_a_row_that_is_no_record_is_refused():
    with pytest.raises(CopeError, match="row 2 of the table is a int"):
        records_table([{"a": 1}, 2])  # type: ignore[list-item]
