"""Scripted compiles, each left alone once and killed again and again once: `_killed_compile.py ROOT OPTIMIZER...`.

Each attempt is a forked process (the imports are paid once) that ends by SIGKILL when so many calls are on record; the
last one is left alone. Prints what each optimizer came to as JSON.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import gepa  # noqa: F401  imported once for all attempts, as is optuna
import optuna  # noqa: F401
from support.compile_world import World, compiled, fickle, own_words, rows
from support.killed_processes import KilledWork, attempt, lines

from cope.optimize import Budget

KILLS = (0.2, 0.5, 0.8)  # shares of the calls of a compile that was left alone
AT_ONCE = 7  # calls that may end together at the end, before a kill: those of a split, and one more
DELAY = 0.02  # seconds of a call
SECONDS = 1.0  # that the calls of a killed compile take together, so that it does not end before it is killed
SPLITS = (rows(range(6)), rows(range(20, 26)))


def compile_once(folder: Path, optimizer: str, delay: float = DELAY) -> None:
    world = World(fickle, own_words, delay=delay)
    made = compiled(optimizer, "small", folder, world, SPLITS, budget=Budget(calls=110)).made
    outcome = {
        "state": made.program.dump_state(),
        "after": made.after.as_dict(),
        "spent": made.usage.calls,
        "asked": world.asked,
        "candidates": [candidate.id for candidate in made.candidates],
    }
    (folder / "outcome.json").write_text(json.dumps(outcome))


def main(root: Path, optimizer: str) -> dict[str, Any]:
    alone, killed = root / optimizer / "alone", root / optimizer / "killed"
    calls = {folder: folder / "calls.jsonl" for folder in (alone, killed)}
    attempt(lambda: compile_once(alone, optimizer), calls[alone])
    most = lines(calls[alone])
    delay = max(DELAY, SECONDS / most)
    work = KilledWork(lambda: compile_once(killed, optimizer, delay), calls[killed], seed=most)
    latest = most - AT_ONCE
    kills = sum(work.kill_after(min(int(share * most), latest)) for share in KILLS)
    work.finish()
    found: dict[str, Any] = {
        name: json.loads((folder / "outcome.json").read_text())
        for name, folder in (("alone", alone), ("killed", killed))
    }
    keys = Counter(json.loads(line)["key"] for line in calls[killed].read_text().splitlines())
    found["kills"] = kills
    found["twice"] = sum(keys.values()) - len(keys)
    found["calls"] = {"alone": most, "killed": lines(calls[killed])}
    return found


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(json.dumps({optimizer: main(where, optimizer) for optimizer in sys.argv[2:]}))
