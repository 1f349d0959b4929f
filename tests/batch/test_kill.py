"""A table whose run is killed at random moments ends with each row once, in order."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cope.util.table_files import read_rows

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "_killed_table.py"
KILLS = 20
IN_FLIGHT = 16


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_each_row_is_there_once_and_in_order(suffix: str, tmp_path: Path):
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path), str(KILLS), suffix],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(ran.stdout) == KILLS, "the run ended before it was killed often enough"
    rows = [row for _, row in read_rows(tmp_path / f"out{suffix}")]
    assert [row["id"] for row in rows] == [f"r{n}" for n in range(40)]
    assert [row["answer"] for row in rows] == [str(n) for n in range(40)]
    asked = Counter((tmp_path / "asked").read_text().split())
    calls = sum(int(row["calls"]) for row in rows)
    assert sum(asked.values()) <= calls + KILLS * IN_FLIGHT + 40 * 8
    assert not list(tmp_path.glob("*.part"))
