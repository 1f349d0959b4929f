"""Rows of users' files: every usual form is read, and nothing is dropped silently."""

from pathlib import Path

import pytest

from cope import CopeError
from cope.eval.tasks.data import load_from_file
from cope.util.table_files import read_rows

ROW = {"question": "How much, in all?", "answer": "7"}


def write(folder: Path, name: str, data: bytes | str) -> Path:
    file = folder / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'question,answer\n"How much, in all?",7\n'),
        ("bom.csv", b"\xef\xbb\xbf" + b'question,answer\n"How much, in all?",7\n'),
        ("utf16.csv", 'question,answer\r\n"How much, in all?",7\r\n'.encode("utf-16")),
        ("semicolon.csv", "question;answer\nHow much, in all?;7\n"),
        ("tabs.csv", "question\tanswer\nHow much, in all?\t7\n"),
        ("a.tsv", "question\tanswer\nHow much, in all?\t7\n"),
        ("blank.csv", '\n\nquestion,answer\n\n"How much, in all?",7\n\n'),
        ("trailing.csv", 'question,answer\n"How much, in all?",7,\n'),
        ("spaces.csv", ' question , answer \n"How much, in all?",7\n'),
        ("a.jsonl", '{"question": "How much, in all?", "answer": "7"}\n'),
        ("bom.jsonl", b"\xef\xbb\xbf" + b'{"question": "How much, in all?", "answer": "7"}\n'),
        ("a.json", '[\n {"question": "How much, in all?", "answer": "7"}\n]'),
    ],
)
def test_every_usual_form_gives_the_same_row(name: str, data: bytes | str, tmp_path: Path):
    assert load_from_file(str(write(tmp_path, name, data))) == [ROW]


@pytest.mark.parametrize("text", ["None", "NA", "null", "nan", "N/A", "007", "1.50", "TRUE", "1e5"])
def test_cells_stay_text(text: str, tmp_path: Path):
    file = write(tmp_path, "a.csv", f"question,answer\nWhich?,{text}\n")
    assert load_from_file(str(file))[0]["answer"] == text


def test_parquet_keeps_numbers_and_drops_nulls(tmp_path: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"question": ["a", "b"], "answer": [7, None], "note": [float("nan"), 1.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    rows = read_rows(tmp_path / "a.parquet")
    assert rows == [(1, {"question": "a", "answer": 7}), (2, {"question": "b", "note": 1.0})]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", "question,answer\nHow much, in all?,7\n", "line 2 has 3 fields and the header 2"),
        ("a.csv", 'question,answer\n"a\nb",1\nx,y,z\n', "line 4 has 3 fields"),
        ("a.csv", "question,answer,answer\na,1,2\n", "two columns named 'answer'"),
        ("a.csv", "question,gold\na,1\n", r"no answer \(its fields: question, gold\)"),
        ("a.csv", 'question,answer\n"a,1\n', "line"),
        ("a.csv", "question,answer\ncaf\xe9,1\n".encode("latin-1"), "line 2 is not UTF-8.*iconv"),
        ("a.csv", "question,answer\n", "has no rows"),
        ("a.csv", "", "has no rows"),
        (
            "a.jsonl",
            '{"question": "a", "answer": [1, 2]}\n',
            "its answer is a list and must be text",
        ),
        ("a.jsonl", '{"question": {"a": 1}, "answer": 1}\n', "its question is an object"),
        ("a.jsonl", "[" * 100_000, "nested too deeply"),
        ("a.jsonl", '{"question": "a",\n', "line 1: not JSON"),
        ("a.json", "[1]", "must be a JSON object"),
        ("a.parquet", "PAR1", "cannot read"),
    ],
)
def test_damaged_files_are_one_clear_line(
    name: str, data: bytes | str, message: str, tmp_path: Path
):
    with pytest.raises(CopeError, match=message) as caught:
        load_from_file(str(write(tmp_path, name, data)))
    assert "\n" not in str(caught.value)
