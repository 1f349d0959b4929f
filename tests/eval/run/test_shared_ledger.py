"""Evaluations that answer from each other's calls, left alone and killed."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cope.eval import RunStore
from cope.eval.run.shared_ledger import LedgerGroup, SharingStats
from cope.models import Call
from cope.models.exchange import make_exchange
from cope.models.ledger import question_of_calls

SCRIPT = Path(__file__).parent / "_killed_comparison.py"
KILLS = 20
IN_FLIGHT = 8 + 8  # the most that the two tiers have in flight when the kill comes


def run(root: Path, kills: int) -> int:
    root.mkdir()
    ran = subprocess.run(
        [sys.executable, str(SCRIPT), str(root), str(kills)],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(ran.stdout)


def outcome(root: Path) -> dict[str, Any]:
    """Answers, rounds and tokens of both runs."""
    found = {}
    for file in sorted(root.glob("runs/*/records.jsonl")):
        for line in file.read_text().splitlines():
            record = json.loads(line)
            used = [{k: v for k, v in row.items() if "seconds" not in k} for row in record["usage"]]
            found[file.parent.name, record["id"]] = (
                record["answer"],
                record["round"],
                record["votes"],
                used,
            )
    return found


def calls(root: Path) -> Counter[tuple[str, bool]]:
    lines = (
        json.loads(line)
        for file in root.glob("runs/*/calls.jsonl")
        for line in file.read_text().splitlines()
    )
    return Counter((line["key"], bool(line.get("shared"))) for line in lines)


@pytest.mark.slow
def test_kills_change_nothing_and_nothing_is_asked_twice(tmp_path: Path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    run(alone, 0)
    assert run(killed, KILLS) == KILLS, "the run ended before it was killed often enough"
    assert outcome(killed) == outcome(alone) and len(outcome(alone)) == 60
    assert calls(killed) == calls(alone) and max(calls(alone).values()) == 1
    asked = (alone / "asked").read_text().splitlines()
    assert len(asked) == len(set(asked)) == sum(not shared for _, shared in calls(alone))
    assert len((killed / "asked").read_text().splitlines()) - len(asked) <= KILLS * IN_FLIGHT


def test_what_is_taken_from_another_is_kept_and_counted(tmp_path: Path):
    folders = [RunStore({"task": "t", "preset": name}, tmp_path) for name in ("a", "b", "c")]
    entry = {"call": Call("large", "m").as_dict(), "outputs": ["x"]}
    exchange = make_exchange("What?", {"seed": 1}, ["x"])
    group = LedgerGroup()
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(folder.open(ledger_factory=group.open))
        folders[0].ledger.put("k", entry)
        folders[0].ledger.add_cancelled(entry["call"] | {"cancelled": True})
        assert folders[1].ledger.get("none") is None
        for _ in range(2):
            assert (found := folders[1].ledger.get("k")) and found["outputs"] == ["x"]
            with question_of_calls("q"):
                folders[1].ledger.restored("k", exchange)
    with folders[1].open():
        assert folders[1].ledger.get("k"), "it is the run's own now, and read without the other"
    ((_, kept),) = RunStore.read(folders[1].path).exchanges()["q"]
    assert kept == exchange, "with what was sent"
    sharing = SharingStats()
    for folder in folders:
        sharing.count(folder.settings["preset"], RunStore.read(folder.path))
    assert (sharing.calls_made, sharing.calls_shared, sharing.calls_stopped) == (2, 1, 1)
    assert sharing.by_system["b"] == {"made": 0, "shared": 1, "stopped": 0}
