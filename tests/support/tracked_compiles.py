"""A scripted compile, for the tests of what MLflow is told."""

from pathlib import Path
from typing import Any

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.optimize import Budget, Compilation, CompileSettings, split
from support.compile_world import LIMITS, PROPOSAL, TRAIN, VAL, preset, reply, score


class Tier(ScriptedEngine):
    """A scripted tier that a model of MLflow's can hold; `asked` counts for all copies."""

    asked = 0

    def __init__(self, tier: str) -> None:
        super().__init__(self._say)
        self.tier = tier

    def _say(self, messages: Any, request: Any) -> str:
        Tier.asked += 1
        return reply(self.tier, messages, request)

    def __reduce__(self) -> Any:
        return Tier, (self.tier,)


def compilation(
    folder: Path, optimizer: str = "bootstrap-random-search", name: str = "cope", **more: Any
):
    program = Cascade(preset(name), Team(Tier("small"), Tier("large"), cache=False, limits=LIMITS))
    more = {
        "proposer": ScriptedEngine(lambda *_: PROPOSAL),
        "demos": 2,
        "budget": Budget(calls=500),
        **more,
    }
    settings = CompileSettings(optimizer=optimizer, folder=folder, **more)
    return Compilation(program, split(TRAIN, VAL), score, settings)


SETTINGS: dict[str, Any] = {
    "task": "twice",
    "optimizer": "bootstrap-random-search",
    "only": [],
    "preset": "cope",
    "demos": 2,
    "models": {"small": "one", "large": "other"},
    "reflection_lm": "third",
    "splits": {"train": "t1", "val": "v1"},
}
