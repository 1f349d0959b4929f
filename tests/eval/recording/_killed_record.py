"""A small record with scripted models, killed again and again: `_killed_record.py ROOT KILLS`.

Each attempt is a forked process that ends by SIGKILL at a random moment; the last one is left alone. Every call that a
model finishes is noted in ROOT/asked. Prints how many attempts were killed.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from support.killed_processes import KilledWork
from support.recordings import recorder, recording, team_of, unsure


def main(root: Path) -> None:
    asked = (root / "asked").open("a", buffering=1)

    async def reply(ask: Any) -> str:
        await asyncio.sleep(0.01 + (ask.seed or 0) % 7 / 500)
        asked.write(f"{ask.tier}|{ask.role}|{ask.user!r}|{ask.seed}\n")
        return unsure(ask)

    recording(recorder(team_of(reply), "cope", "large"), root, 10)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(KilledWork(lambda: main(where), where / "asked").run(int(sys.argv[2]), most=6))
