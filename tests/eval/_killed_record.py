"""A small record with scripted models, killed again and again: `_killed_record.py ROOT KILLS`.

Each attempt is a forked process that ends by SIGKILL after a few more calls; the last one is left alone. Every call that a
model finishes is noted in ROOT/asked. Prints how many attempts were killed.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "doubles"))
from recorded_runs import recorder, recording, team_of, unsure


def main(root: Path) -> None:
    asked = (root / "asked").open("a", buffering=1)

    async def reply(ask: Any) -> str:
        await asyncio.sleep(0.002 + (ask.seed or 0) % 7 / 2000)
        asked.write(f"{ask.tier}|{ask.role}|{ask.user!r}|{ask.seed}\n")
        return unsure(ask)

    recording(recorder(team_of(reply), "cope", "large"), root, 4)


def attempt(root: Path, enough: int | None) -> bool:
    """Run in a process of its own, killed once `enough` calls are made in all; returns whether it was killed."""
    child = os.fork()
    if child == 0:
        main(root)
        os._exit(0)
    while enough is not None and asked(root) < enough:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.001)
    if enough is not None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, "the record failed"
    return os.WIFSIGNALED(status)


def asked(root: Path) -> int:
    file = root / "asked"
    return len(file.read_text().splitlines()) if file.exists() else 0


if __name__ == "__main__":
    where, wanted = Path(sys.argv[1]), int(sys.argv[2])
    kills = 0
    while kills < wanted and attempt(where, asked(where) + 9):
        kills += 1
    attempt(where, None)
    print(kills)
