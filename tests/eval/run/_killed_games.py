"""Games with scripted models, killed again and again: `_killed_games.py ROOT KILLS`.

As `_killed_run.py` does it for questions of one step. Prints how many attempts were killed.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import dspy

sys.path.insert(0, str(Path(__file__).parents[2]))
from support.agent_replies import expert, field
from support.games import CHESTS
from support.killed_processes import KilledWork
from support.scripted_environment import GAME, TASK, WINS

from cope import Cascade, Team
from cope.eval import RunStore, evaluate
from cope.models import ScriptedEngine
from cope.programs.agent.settings import AgentSettings

GAMES = 4


def main(root: Path) -> None:
    asked = (root / "asked").open("a", buffering=1)

    def script(tier: str) -> Any:
        async def reply(messages: list[dict[str, str]], request: Any) -> str:
            seed = request.config.seed or 0
            await asyncio.sleep(0.004 + seed % 7 / 1000)
            possible = field(messages, "Actions").splitlines()
            wrong = f"Hm.\nAction: {possible[seed % len(possible)]}"
            text = wrong if tier == "small" and seed % 3 else expert(messages, request)
            asked.write(f"{tier}|{messages[-1]['content']!r}|{seed}\n")
            return text

        return reply

    team = Team(ScriptedEngine(script("small")), ScriptedEngine(script("large")), cache=False)
    program = Cascade("cope-react", team, early_stop="none", domain="agent")
    examples = []
    for number in range(GAMES):
        example = dspy.Example(
            id=f"g{number}", question=f"{TASK} {number}", answer="\n".join(WINS), game=dict(GAME)
        )
        examples.append(example.with_inputs("question", "game"))
    player = CHESTS.player(program, AgentSettings(max_steps=8))
    folder = RunStore({"task": "chests", "preset": "cope-react", "models": {}}, root / "runs")
    with folder.open():
        asyncio.run(evaluate(CHESTS, examples, player, folder, in_flight=2))


if __name__ == "__main__":
    where = Path(sys.argv[1])
    print(KilledWork(lambda: main(where), where / "asked").run(int(sys.argv[2]), most=12))
