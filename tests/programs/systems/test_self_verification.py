"""The small tier checks its own answers; the large one answers those that it doubts."""

import asyncio
from typing import Any

import pytest

from cope import Team
from cope.models import ScriptedEngine
from cope.programs import SYSTEMS, SystemAnswer, SystemOptions, ask_system, make_system


def team(agree: int, reply: str = "So.\nAnswer: 4") -> tuple[Team, dict[str, ScriptedEngine]]:
    """Return a team whose small tier finds its answer correct in `agree` of its checks."""
    left = [agree]

    def small(messages: list[dict[str, str]], request: Any) -> str:
        if "correct" not in messages[0]["content"]:
            return reply
        left[0] -= 1
        return f"Hm.\nCorrect: {left[0] >= 0}"

    engines = {"small": ScriptedEngine(small), "large": ScriptedEngine(lambda m, r: "Answer: 5")}
    return Team(**engines, cache=False), engines


def ask(made: Team) -> SystemAnswer:
    system = make_system("self-verification", made, SystemOptions())
    return asyncio.run(ask_system(system, {"question": "What is 2 + 2?"}))


@pytest.mark.parametrize(("agree", "stage"), [(8, 1), (4, 1), (3, 2), (0, 2)])
def test_half_of_the_checks_must_agree(agree: int, stage: int):
    made, engines = team(agree)
    answer = ask(made)
    assert (answer.answer, answer.round) == (("4", 1) if stage == 1 else ("5", 2))
    assert len(engines["small"].requests) == 9 and len(engines["large"].requests) == stage - 1
    first = answer.rounds[0]
    assert first["votes"] == {"correct": agree, "incorrect": 8 - agree}
    assert (first["confidence"], first["accepted"]) == (agree / 8, stage == 1)
    assert [record["round"] for record in answer.rounds] == list(range(1, stage + 1))
    calls = {(row["round"], row["tier"]): row["calls"] for row in answer.usage}
    assert calls[1, "small"] == 9 and calls.get((2, "large"), 0) == stage - 1


def test_an_answer_that_cannot_be_read_is_not_checked():
    made, engines = team(8, reply=" ")
    answer = ask(made)
    assert (answer.answer, answer.round) == ("5", 2)
    assert len(engines["small"].requests) == 1


def test_checks_are_drawn_with_seeds_of_their_own():
    made, engines = team(8)
    ask(made)
    seeds = [request.config.seed for request in engines["small"].requests[1:]]
    assert len(set(seeds)) == 8


def test_it_is_found_by_name_and_its_settings_find_its_runs():
    assert "self-verification" in SYSTEMS
    made, _ = team(8)
    systems = [make_system("self-verification", made, SystemOptions(seed=n)) for n in (0, 1)]
    assert systems[0].fingerprint() == systems[1].fingerprint()
    assert [system.settings()["seed"] for system in systems] == [0, 1]
