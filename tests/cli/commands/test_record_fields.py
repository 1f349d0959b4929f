"""A record keeps the fields of its rows, by which a replay breaks flips down."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.record_command import cope, done, scripted_commands
from support.sweeps import sweep

from cope.errors import CopeError
from cope.eval import Recording, read_recording

RECORD = ("record", "jsonl", "--data", "q.jsonl")


@pytest.fixture(autouse=True)
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> None:
    """Questions of two books, and scripted models."""
    monkeypatch.chdir(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1, "book": n // 2} for n in range(4)]
    Path("q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    scripted_commands(monkeypatch, scripted)


@pytest.mark.slow
def test_a_record_keeps_the_fields_of_its_rows_and_breaks_flips_down_by_them():
    done(*RECORD, "-o", "r.parquet")
    record = Recording.open("r.parquet")
    assert record.fields == [{"book": "0"}, {"book": "0"}, {"book": "1"}, {"book": "1"}]
    replayed = done("compare", "--replay", "r.parquet", "--by-field", "book", "--json")
    flips = json.loads(replayed.stdout)["flips"]
    assert [list(one["by_field"]) for one in flips] == [["0", "1"]] * len(flips)
    refused = cope("compare", "--replay", "r.parquet", "--by-field", "bok")
    assert refused.exit_code == 1 and "book" in refused.stderr


@sweep("damaged", ["[]", "{", '{"book": 1}', "null"], every=2)
def test_damaged_fields_of_a_record_are_one_line(damaged: str):
    done(*RECORD, "-o", "r.parquet")
    manifest, table = read_recording("r.parquet")
    position = table.column_names.index("fields")
    table = table.set_column(position, "fields", [[damaged] * len(table)])
    with pytest.raises(CopeError, match=r"r\.parquet is damaged: the fields of a question"):
        _ = Recording(manifest, table, "r.parquet").fields
