"""A record's file: it has the columns of the schema, and one that is damaged or no record is refused in a line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.recordings import recorder, recording, unsure

from cope import CopeError
from cope.eval import Recording, RecordingManifest, write_recording
from cope.eval.recording.schema import SCHEMA


def test_the_file_has_the_schema(tmp_path: Path, scripted: Callable[..., Any]):
    record = recording(recorder(scripted(unsure).team, "small"), tmp_path, 1)
    assert pq.read_schema(tmp_path / "r.parquet").remove_metadata().equals(SCHEMA.remove_metadata())
    assert record.manifest.models == {"small": record.models["small"]}


@pytest.mark.parametrize("drop", ["a row", "all rows", "the manifest"])
def test_a_damaged_file_is_refused_in_a_line(
    tmp_path: Path, scripted: Callable[..., Any], drop: str
):
    record = recording(recorder(scripted(unsure).team, "cope"), tmp_path, 1)
    path = tmp_path / "damaged.parquet"
    if drop == "the manifest":
        pq.write_table(record.table.replace_schema_metadata({}), path)
    else:
        pq.write_table(
            record.table.slice(0, record.table.num_rows - 1 if drop == "a row" else 0), path
        )
    with pytest.raises(CopeError) as raised:
        Recording.open(path)
    assert "damaged.parquet" in str(raised.value) and "\n" not in str(raised.value)


def test_a_file_that_is_no_record_or_not_there(tmp_path: Path):
    (tmp_path / "x.parquet").write_text("no")
    with pytest.raises(CopeError, match=r"x\.parquet is not a record"):
        Recording.open(tmp_path / "x.parquet")
    with pytest.raises(CopeError, match="there is no record"):
        Recording.open(tmp_path / "y.parquet")


def test_a_record_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path):
    manifest = RecordingManifest("t", {}, [], 0, 0, "")
    (tmp_path / "file").write_text("")
    with pytest.raises(CopeError, match="name another file with -o"):
        write_recording(tmp_path / "file" / "r.parquet", manifest, [])
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
