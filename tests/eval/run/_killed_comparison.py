"""Two small evaluations that share their calls, killed again and again: `_killed_comparison.py ROOT KILLS`.

As `_killed_run.py` does it for one. Prints how many attempts were killed.
"""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dspy

sys.path.insert(0, str(Path(__file__).parents[2]))
from support.killed_processes import KilledWork

from cope import Cascade, Preset, Team
from cope.eval import RunStore, evaluate, task_by_name
from cope.eval.run.shared_ledger import LedgerGroup
from cope.models import ScriptedEngine

QUESTIONS = 30


def preset(name: str, threshold: float) -> Preset:
    rounds = [
        {"reasoner": "small", "samples": 4, "temperature": 0.8, "threshold": threshold},
        {"reasoner": "large"},
    ]
    return Preset.model_validate({"name": name, "rounds": rounds})


def main(root: Path) -> None:
    asked = (root / "asked").open("a", buffering=1)

    def script(tier: str) -> Any:
        async def reply(messages: list[dict[str, str]], request: Any) -> str:
            user, seed = messages[-1]["content"], request.config.seed or 0
            await asyncio.sleep(0.01 + seed % 7 / 500)
            number = int(user.split("What is ")[1].split(" ")[0])
            asked.write(f"{tier}|{user!r}|{seed}\n")
            return f"Answer: {number + seed % (1 + number % 3)}"

        return reply

    team = Team(ScriptedEngine(script("small")), ScriptedEngine(script("large")), cache=False)
    examples = [
        dspy.Example(id=f"q{n}", question=f"What is {n} again?", answer=str(n)).with_inputs(
            "question"
        )
        for n in range(QUESTIONS)
    ]
    cascades = {
        name: Cascade(preset(name, share), team, early_stop="none")
        for name, share in (("loose", 0.5), ("strict", 1.0))
    }
    folders = [
        RunStore({"task": "jsonl", "preset": name, "models": {}}, root / "runs")
        for name in cascades
    ]
    with ExitStack() as stack:
        ledgers = LedgerGroup()
        for folder in folders:
            stack.enter_context(folder.open(ledger_factory=ledgers.open))
        for cascade, folder in zip(cascades.values(), folders, strict=True):
            asyncio.run(evaluate(task_by_name("jsonl"), examples, cascade, folder, in_flight=2))


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(KilledWork(lambda: main(where), where / "asked").run(int(sys.argv[2]), most=6))
