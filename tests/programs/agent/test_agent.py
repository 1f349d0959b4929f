"""An agent plays a game: its rounds, its escalations, its limits, and a game that fails."""

from typing import Any

import pytest
from support.agent_replies import expert, field, steps_done, team
from support.scripted_environment import GAME, TASK, WINS, open_in_process

from cope import Cascade, Team
from cope.models import ScriptedEngine, run_sync
from cope.programs.agent.agent import Agent
from cope.programs.agent.records import is_decision, is_escalated
from cope.programs.agent.settings import AgentSettings


def play(preset: str, small: Any, large: Any = expert, game: Any = None, **settings: Any) -> Any:
    program = Cascade(preset, team(small, large), domain="agent")
    agent = Agent(program, open_in_process, AgentSettings(**settings))
    return run_sync(agent.acall(question=TASK, game=game or GAME))


def unsure_at(step: int) -> Any:
    """The small tier knows what wins, but at one step its samples disagree."""
    counted = {"asked": 0}

    def small(messages: list[dict[str, str]], request: Any) -> str:
        if steps_done(messages) != step:
            return expert(messages, request)
        counted["asked"] += 1
        actions = field(messages, "Actions").splitlines()
        return f"Hm.\nAction: {actions[counted['asked'] % len(actions)]}"

    return small


@pytest.mark.parametrize("preset", ["small", "large", "cope-react", "cope-agent"])
def test_every_preset_wins_with_models_that_know_how(preset: str) -> None:
    def knows(messages: list[dict[str, str]], request: Any) -> str:
        if (
            "Action" not in messages[0]["content"]
            and "action that comes" not in messages[0]["content"]
        ):
            return "Find the key."
        return expert(messages, request)

    played = play(preset, knows, knows)
    assert played.answer == "\n".join(WINS)
    assert played.end == "won"
    assert played.confidence == 1.0
    assert [step["action"] for step in played.steps] == [*WINS, None]
    assert played.steps[-1]["observation"] == "The chest is open."


@pytest.mark.parametrize(
    ("escalate", "rounds", "attempts"),
    [("step", [1, 2, 1, 1], 1), ("stay", [1, 2, 2, 2], 1), ("episode", [2, 2, 2, 2], 2)],
)
def test_a_step_that_disagrees_escalates_itself_the_rest_or_the_episode(
    escalate: str, rounds: list[int], attempts: int
) -> None:
    played = play("cope-react", unsure_at(1), escalate=escalate)
    last = [step for step in played.steps if step["attempt"] == attempts]
    decided = [step["rounds"][-1]["round"] for step in last if is_decision(step)]
    assert (decided, played.end, played.round) == (rounds, "won", 2)
    assert sum(map(is_escalated, played.steps)) == 1
    assert played.answer == "\n".join(WINS)


@pytest.mark.parametrize(
    ("reply", "settings", "end"),
    [
        ("Action: go to kitchen", {"max_steps": 3}, "step limit"),
        ("Action: go to kitchen", {"episode_tokens": 50}, "token limit"),
        ("I can not tell.", {}, "no readable action"),
    ],
)
def test_limits_end_an_episode(reply: str, settings: dict[str, int], end: str) -> None:
    played = play("small", lambda messages, request: reply, **settings)
    assert (played.end, played.steps[-1]["end"]) == (end, end)


def back_and_forth(messages: list[dict[str, str]], request: Any) -> str:
    actions = field(messages, "Actions").splitlines()
    moves = [one for one in actions if one.startswith("go to")]
    return f"On.\nAction: {(moves or actions)[0]}"


def test_an_action_is_not_offered_for_ever_in_one_state() -> None:
    played = play("small", back_and_forth, patience=50, max_steps=20)
    pairs = [(step["observation"], step["action"]) for step in played.steps if step["action"]]
    assert max(pairs.count(pair) for pair in pairs) == 2


def test_a_game_that_runs_in_a_circle_ends() -> None:
    played = play("small", back_and_forth, patience=4, max_steps=50)
    assert played.end == "loop"
    assert len(played.steps) < 12


@pytest.mark.parametrize("at", [1, 3])
def test_a_game_that_fails_is_the_end_of_an_episode_and_no_error(at: int) -> None:
    played = play("small", expert, game={"trouble": "it broke", "at": at})
    assert played.end == "the game failed: it broke"
    assert played.answer == "\n".join(WINS[:at])


def test_nothing_of_the_game_reaches_the_cascade_but_what_a_player_sees() -> None:
    program = Cascade("small", team(expert), domain="agent")
    seen: list[dict[str, Any]] = []
    ask = program.acall

    async def spy(**inputs: Any) -> Any:
        seen.append(inputs)
        return await ask(**inputs)

    program.acall = spy
    run_sync(Agent(program, open_in_process).acall(question=TASK, game=GAME))
    assert {name for inputs in seen for name in inputs} == {"question", "task_inputs"}
    fields = {"task", "history", "observation", "actions", "turns", "now"}
    assert all(inputs["task_inputs"].keys() == fields for inputs in seen)


def test_fingerprint_depends_on_program_and_limits() -> None:
    program = Cascade("small", team(expert), domain="agent")
    one, other = (
        Agent(program, open_in_process),
        Agent(Cascade("large", team(expert), domain="agent"), open_in_process),
    )
    limited = Agent(program, open_in_process, AgentSettings(max_steps=3))
    prints = {agent.fingerprint() for agent in (one, other, limited)}
    assert len(prints) == 3


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("I need the key.\nAction: go to kitchen", "go to kitchen"),
        ("Action: go to kitchen\nObservation: A key.\nAction: take key", "go to kitchen"),
        ("Hm.\n**Action:** go to cellar\nAction: go to kitchen", "go to cellar"),
        ("Action: dance\nAction: go to kitchen", "go to kitchen"),
        ("I go to kitchen", "go to kitchen"),
        ("The key is missing, so: go to kitchen\nAction: dance", "go to kitchen"),
        ("Action: dance", None),
    ],
)
def test_the_first_action_of_a_reply_counts(reply: str, action: str | None) -> None:
    played = play("small", lambda messages, request: reply, max_steps=1)
    assert played.steps[0]["action"] == action


@pytest.mark.parametrize(("preset", "games"), [("small", 3), ("cope-react", 1), ("cope-agent", 1)])
def test_no_game_waits_for_the_slot_that_holds_the_prompt_of_another(
    preset: str, games: int
) -> None:
    engine = ScriptedEngine(expert)
    tiers = Team(engine, engine, cache=False, limits={"small": 3})
    agent = Agent(Cascade(preset, tiers, domain="agent"), open_in_process, AgentSettings())
    assert agent.concurrency() == games


@pytest.mark.parametrize(("slots", "games"), [(1, 1), (2, 1), (5, 4), (50, 8)])
def test_at_least_one_game_is_played_at_once(
    slots: int, games: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program whose samples fill all slots plays one game after the other."""
    program = Cascade("small", team(expert), domain="agent")
    monkeypatch.setattr(program, "concurrency", lambda: slots)
    assert Agent(program, open_in_process).concurrency() == games
