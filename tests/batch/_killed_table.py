"""A table answered by a scripted model, killed again and again: `_killed_table.py ROOT KILLS SUFFIX`.

Each attempt is a forked process that ends by SIGKILL at a random moment; the last one is left alone.
Every call that the engine finishes is noted in ROOT/asked. Prints how many attempts were killed.
"""

import asyncio
import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.killed_processes import attempt, lines

import cope
from cope import Cascade, Team
from cope.models import ScriptedEngine

ROWS = 40


def main(root: Path, suffix: str) -> None:
    """Answer the table."""
    asked = (root / "asked").open("a", buffering=1)

    async def reply(messages: list[dict[str, str]], request: Any) -> str:
        user, seed = messages[-1]["content"], request.config.seed or 0
        await asyncio.sleep(0.002 + seed % 7 / 2000)
        number = int(user.split("What is ")[1].split("?")[0])
        asked.write(f"{number}\n")
        return f"so\nAnswer: {number}"

    engine = ScriptedEngine(reply)
    cascade = Cascade("cope", Team(engine, engine, cache=False), answer_kind="text")
    cope.run(root / "in.csv", "text", program=cascade, output=root / f"out{suffix}", in_flight=4)


if __name__ == "__main__":
    where, kills, ending = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    questions = "".join(f"r{n},What is {n}?\n" for n in range(ROWS))
    (where / "in.csv").write_text("id,text\n" + questions)
    draw = random.Random(3)
    killed = 0
    while killed < kills:
        enough = lines(where / "asked") + draw.randint(0, 12)
        pause = draw.uniform(0, 0.02)
        if not attempt(lambda: main(where, ending), where / "asked", enough, pause):
            break
        killed += 1
    attempt(lambda: main(where, ending), where / "asked")
    print(killed)
