"""ABC: small models must agree, else the large one answers."""

import asyncio
from typing import Any

import pytest

from cope import CopeError, Team
from cope.models import ScriptedEngine
from cope.programs import SystemAnswer, SystemOptions, ask_system, make_system


def saying(*answers: str) -> ScriptedEngine:
    left = list(answers)
    return ScriptedEngine(lambda messages, request: f"So.\nAnswer: {left.pop(0)}")


def team_of(*answers: str) -> tuple[Team, dict[str, ScriptedEngine]]:
    """Return a team with one small tier for each answer, and a large tier that says 9."""
    engines = {"small": saying(answers[0]), "large": saying("9")}
    for number, answer in enumerate(answers[1:], 1):
        engines[f"tiny{number}"] = saying(answer)
    return Team(**engines, cache=False), engines


def ask(team: Team, **settings: Any) -> SystemAnswer:
    options = SystemOptions(answer_kind="math", settings=settings)
    return asyncio.run(ask_system(make_system("abc", team, options), {"question": "q"}))


@pytest.mark.parametrize(
    ("answers", "theta", "share", "stage"),
    [
        (["4", "4.0", "4"], 0.67, 1.0, 1),
        (["4", "4", "5"], 0.67, 2 / 3, 2),  # 0.667 is not above 0.67
        (["4", "4", "5"], 0.6, 2 / 3, 1),
        (["4", "4", "5", "5"], 0.5, 2 / 4, 2),  # 0.5 is not above 0.5
        (["4", "5"], 0.67, 1 / 2, 2),
        (["4", "4"], 0.67, 1.0, 1),
        ([" ", " ", "4"], 0.3, 1 / 3, 1),
    ],
)
def test_the_share_must_be_above_theta(answers: list[str], theta: float, share: float, stage: int):
    team, engines = team_of(*answers)
    answered = ask(team, theta=theta)
    first = answered.rounds[0]
    assert first["confidence"] == pytest.approx(share) and answered.round == stage
    assert answered.answer == ("4" if stage == 1 else "9")
    small = [engine for name, engine in engines.items() if name != "large"]
    assert [len(engine.requests) for engine in small] == [1] * len(answers)
    assert len(engines["large"].requests) == stage - 1
    tiers = {(row["round"], row["tier"]) for row in answered.usage}
    assert {tier for number, tier in tiers if number == 1} == set(engines) - {"large"}


def test_one_small_model_is_said_and_its_samples_stand_in_when_asked():
    team, engines = team_of("4")
    with pytest.raises(CopeError, match="several small models.*--tier NAME=MODEL.*samples = 3"):
        make_system("abc", team, SystemOptions(answer_kind="math"))
    engines["small"].script = lambda messages, request: "Answer: 4"
    answered = ask(team, samples=3)
    assert (answered.answer, answered.round) == ("4", 1)
    requests = engines["small"].requests
    assert len({request.config.seed for request in requests}) == 3 == len(requests)


def test_tiers_are_chosen_by_name():
    team, engines = team_of("4", "5", "4")
    assert ask(team, tiers=["small", "tiny2"]).round == 1
    assert not engines["tiny1"].requests
    with pytest.raises(CopeError, match="tiers: .*huge"):
        ask(team, tiers=["huge", "small"])


@pytest.mark.parametrize("domain", ["code", "open"])
def test_questions_without_one_line_answers_are_refused(domain: str):
    team, _ = team_of("4", "4")
    with pytest.raises(CopeError, match="answers of one line"):
        make_system("abc", team, SystemOptions(domain=domain))
