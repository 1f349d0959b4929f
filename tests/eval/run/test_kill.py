"""A run killed at random moments comes to the same result as one left alone, and asks nothing twice."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "_killed_run.py"
KILLS = 30
IN_FLIGHT = 8 + 8  # the most that the two tiers have in flight when the kill comes


def outcome(root: Path) -> dict[str, Any]:
    """The decisions and the usage of a run, without what depends on the clock."""
    (file,) = root.glob("runs/*/records.jsonl")
    found = {}
    for line in file.read_text().splitlines():
        record = json.loads(line)
        assert record["id"] not in found, "a question has two records"
        for row in record["usage"]:
            del row["seconds"], row["machine_seconds"]
        for round_ in record["rounds"]:
            del round_["seconds"]
        del record["seconds"]
        found[record["id"]] = record
    return dict(sorted(found.items()))


def finished_calls(root: Path) -> Counter[str]:
    (file,) = root.glob("runs/*/calls.jsonl")
    return Counter(json.loads(line)["key"] for line in file.read_text().splitlines())


def run(root: Path, kills: int) -> int:
    root.mkdir()
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), str(root), str(kills)],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(ran.stdout)


def test_kills_at_random_moments_change_nothing(tmp_path: Path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    run(alone, 0)
    assert run(killed, KILLS) == KILLS, "the run ended before it was killed often enough"
    assert outcome(killed) == outcome(alone)
    assert max(finished_calls(killed).values()) == 1, (
        "a call that was finished and recorded was made again"
    )
    total = len((alone / "asked").read_text().splitlines())
    again = len((killed / "asked").read_text().splitlines()) - total
    assert again <= KILLS * IN_FLIGHT, "more was asked again than what was in flight at each kill"
