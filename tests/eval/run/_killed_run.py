"""A small evaluation with scripted models, killed again and again: `_killed_run.py ROOT KILLS`.

Each attempt is a forked process (the imports are paid once) that ends by SIGKILL at a random moment; the last one is left
alone. Every call that an engine finishes is noted in ROOT/asked, so that the test sees what was asked twice. Prints how
many attempts were killed.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import dspy

sys.path.insert(0, str(Path(__file__).parents[2]))
from support.killed_processes import KilledWork

from cope import Cascade, Team
from cope.eval import RunStore, evaluate, task_by_name
from cope.models import ScriptedEngine

QUESTIONS = 16


def main(root: Path) -> None:
    asked = (root / "asked").open("a", buffering=1)

    def script(tier: str) -> Any:
        async def reply(messages: list[dict[str, str]], request: Any) -> str:
            user, seed = messages[-1]["content"], request.config.seed or 0
            await asyncio.sleep(0.01 + seed % 7 / 500)
            number = int(user.split("What is ")[1].split(" ")[0])
            planning = "Answer:" not in messages[0]["content"]
            text = f"plan {seed % 5}" if planning else f"Answer: {number + seed % (1 + number % 3)}"
            asked.write(f"{tier}|{messages[0]['content']!r}|{user!r}|{seed}\n")
            return text

        return reply

    team = Team(ScriptedEngine(script("small")), ScriptedEngine(script("large")), cache=False)
    cascade = Cascade("cope", team, early_stop="none")
    examples = [
        dspy.Example(id=f"q{n}", question=f"What is {n} again?", answer=str(n)).with_inputs(
            "question"
        )
        for n in range(QUESTIONS)
    ]
    folder = RunStore({"task": "jsonl", "preset": "cope", "models": {}}, root / "runs")
    with folder.open():
        asyncio.run(evaluate(task_by_name("jsonl"), examples, cascade, folder, in_flight=2))


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(KilledWork(lambda: main(where), where / "asked").run(int(sys.argv[2]), most=10))
