"""The benchmark of the promise looks at what was not calibrated on."""

import importlib
import json
import sys
from pathlib import Path

import pytest
from imported_records import imported


def test_splits_of_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    imported(tmp_path)
    argv = ["promise.py", str(tmp_path / "r.parquet"), "--harm", "0.2", "--splits", "4", "--json"]
    monkeypatch.setattr(sys, "argv", argv)
    importlib.import_module("promise").main()
    told = json.loads(capsys.readouterr().out)
    rows = {row[""]: row for row in told["rows"]}
    assert rows["large alone"]["calls to the large tier"] == "100.0%"
    assert rows["oracle"]["lost"] == "0.0%"
    share = {name: float(row["calls to the large tier"][:-1]) for name, row in rows.items()}
    assert 0 < share["calibrated cascade"] == share["random router, as many calls"] < 100
    assert "of 4 splits" in told["ratios"][0]
    assert "in 0 of 4 splits (allowed 10%)" in told["ratios"][1]
