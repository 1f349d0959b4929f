"""Scripted compiles, each left alone once and killed again and again once: `_killed_compile.py ROOT OPTIMIZER...`.

Each attempt is a forked process (the imports are paid once) that ends by SIGKILL when so many calls are on record; the
last one is left alone. Prints what each optimizer came to as JSON.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import gepa  # noqa: F401  imported once for all attempts, as is optuna
import optuna  # noqa: F401
from compile_scripts import World, compiled, own_words

from cope.optimize import Budget

KILLS = (0.4, 0.75)  # shares of the calls of a compile that was left alone


def compile_once(folder: Path, optimizer: str) -> None:
    world = World(proposal=own_words, delay=0.003)
    made = compiled(optimizer, "small", folder, world, budget=Budget(calls=110)).made
    outcome = {
        "state": made.program.dump_state(), "after": made.after.as_dict(), "spent": made.spent.calls, "asked": world.asked,
        "candidates": [candidate.id for candidate in made.candidates],
    }  # fmt: skip
    (folder / "outcome.json").write_text(json.dumps(outcome))


def calls(folder: Path) -> int:
    file = folder / "calls.jsonl"
    return len(file.read_bytes().splitlines()) if file.exists() else 0


def attempt(folder: Path, optimizer: str, enough: int | None = None) -> bool:
    """Run in a process of its own, killed once so many calls are on record; returns whether it was killed."""
    child = os.fork()
    if child == 0:
        compile_once(folder, optimizer)
        os._exit(0)
    while enough is not None and calls(folder) < enough:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.002)
    if enough is not None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, "the compile failed"
    return os.WIFSIGNALED(status)


def main(root: Path, optimizer: str) -> dict[str, Any]:
    alone, killed = root / optimizer / "alone", root / optimizer / "killed"
    attempt(alone, optimizer)
    kills = sum(attempt(killed, optimizer, int(share * calls(alone))) for share in KILLS)
    attempt(killed, optimizer)
    found = {
        name: json.loads((folder / "outcome.json").read_text())
        for name, folder in (("alone", alone), ("killed", killed))
    }
    return {**found, "kills": kills, "calls": {"alone": calls(alone), "killed": calls(killed)}}


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(json.dumps({optimizer: main(where, optimizer) for optimizer in sys.argv[2:]}))
