"""How many calls a question may take: no run of any preset makes more."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.cascade_replies import PRESETS
from support.every_test import even_logprobs
from support.sweeps import sweep

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.programs.call_limits import most_calls, most_calls_text
from cope.programs.ensemble import Ensemble


def never_agreeing(**tiers: Any) -> tuple[Team, dict[str, ScriptedEngine]]:
    """A team whose models never give the same answer twice."""
    turn = iter(range(10_000))
    engines = {
        name: ScriptedEngine(
            lambda messages, request: f"so\nAnswer: {next(turn)}", logprobs=even_logprobs
        )
        for name in ("small", "large", *tiers)
    }
    return Team(**engines, cache=False), engines


@sweep("name", [*PRESETS, "small", "large"], every=4)
@pytest.mark.parametrize("members", [1, 3])
def test_a_question_that_nothing_settles_takes_just_these(name: str, members: int):
    team, engines = never_agreeing()
    program: Cascade = Cascade(name, team, early_stop="none")
    if members > 1:
        others = [Cascade(name, team, early_stop="none") for _ in range(members - 1)]
        program = Ensemble.from_cascades([program, *others])
    program(question="What?")
    made = Counter({tier: len(engine.requests) for tier, engine in engines.items()})
    assert Counter(most_calls(program)) == made


def test_any_names_of_tiers(tmp_path: Path):
    rounds = [
        {"reasoner": "small", "samples": 4, "temperature": 0.7, "threshold": 0.5},
        {"reasoner": "frontier"},
    ]
    lines = ['name = "mine"']
    for round_ in rounds:
        lines += ["[[rounds]]", *(f"{name} = {value!r}" for name, value in round_.items())]
    (tmp_path / "mine.toml").write_text("\n".join(lines))
    team, _ = never_agreeing(frontier=None)
    program = Cascade(str(tmp_path / "mine.toml"), team)
    assert most_calls(program) == {"small": 4, "frontier": 1}
    assert most_calls_text(program).endswith("at most 5 calls: small 4, frontier 1")
