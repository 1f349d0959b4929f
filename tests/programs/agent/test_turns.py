"""A game as the turns of a conversation: what the player saw, and the action that he took."""

from typing import Any

import dspy
import pytest
from hypothesis import given, strategies as st
from support.agent_replies import expert, team
from support.scripted_environment import GAME, TASK, WINS, open_in_process

from cope import Cascade, CopeError
from cope.eval.run.warnings import warn_about_turns
from cope.models import run_sync
from cope.models.team import Tier
from cope.optimize.compiler.context_window import check_context_window
from cope.optimize.compiler.prompts import templates
from cope.programs.agent.agent import Agent
from cope.programs.agent.history import PastStep
from cope.programs.agent.turns import past_turns
from cope.programs.demonstrations import KNNDemos
from cope.programs.preset import Preset, parse_preset
from cope.programs.task_signature import INPUTS

_STEPS = st.lists(
    st.builds(PastStep, st.none() | st.text(max_size=40), st.text(max_size=900), st.text()),
    max_size=12,
)


def turns_preset(**more: Any) -> Preset:
    rounds = [{"reasoner": "small", "history": "turns"} | more]
    return parse_preset({"name": "turns", "rounds": rounds}, "here")


@given(_STEPS, st.integers(0, 2000))
def test_turns_fit_their_characters_and_keep_the_first_and_the_last(
    past: list[PastStep], most: int
) -> None:
    turns = past_turns("Eat.", "A kitchen.", past, most)
    everything = past_turns("Eat.", "A kitchen.", past, 1_000_000)
    assert len(everything) == len(past)
    assert turns == everything[:1] + everything[len(everything) - len(turns) + 1 :]
    assert sum(len(turn["now"] + turn["action"]) for turn in turns[1:]) <= most
    assert len(turns) <= 1 or (len(everything) - len(turns)) % 8 == 0
    if past:
        assert turns[0]["now"] == "A new game. A kitchen.\nTask: Eat."


def test_an_action_that_is_not_possible_is_a_turn_that_says_so() -> None:
    past = [PastStep(None, "A kitchen.", "fly to the moon"), PastStep("open fridge", "It is open.")]
    turns = past_turns("Eat.", "A kitchen.", past, 1000)
    assert [turn["action"] for turn in turns] == ["fly to the moon", "open fridge"]
    assert "not possible" in turns[1]["now"]


def test_a_prompt_of_turns_is_a_conversation_that_grows_by_one_turn() -> None:
    prompts: list[list[dict[str, str]]] = []

    def plays(messages: list[dict[str, str]], request: Any) -> str:
        prompts.append(messages)
        return WINS[len(prompts) - 1]

    program = Cascade(turns_preset(), team(plays), domain="agent")
    played = run_sync(Agent(program, open_in_process).acall(question=TASK, game=GAME))
    assert played.answer == "\n".join(WINS)
    for number, messages in enumerate(prompts):
        assert [m["role"] for m in messages] == ["system", *["user", "assistant"] * number, "user"]
        assert [m["content"] for m in messages if m["role"] == "assistant"] == [*WINS[:number]]
        assert messages[:-1] == [*prompts[number - 1], *messages[-2:-1]] or not number
    assert "Task: open the chest" in prompts[-1][1]["content"]


def test_every_step_of_a_game_is_shown_the_same_solved_games() -> None:
    shown: list[list[str]] = []

    def plays(messages: list[dict[str, str]], request: Any) -> str:
        shown.append([m["content"] for m in messages[1:5]])
        return WINS[len(shown) - 1]

    program = Cascade(turns_preset(), team(plays), domain="agent")
    demos = []
    for task in ("open the box", "feed the cat"):
        turns = [{"now": f"A hall.\nTask: {task}", "action": "look"}]
        demos.append({"question": f"Task: {task}", "turns": turns, "now": "!", "action": "go"})
    program.knn_demos["round_1.reasoner.predict"] = KNNDemos(1, demos, by_task=True)
    run_sync(Agent(program, open_in_process).acall(question=TASK, game=GAME))
    assert shown == [["A hall.\nTask: open the box", "look", "!", "go"]] * len(WINS)


def test_turns_of_solved_games_look_like_those_of_the_game_where_a_plan_is_shown() -> None:
    prompts: list[list[str]] = []

    def plays(messages: list[dict[str, str]], request: Any) -> str:
        if len(messages) == 2:
            return "Goal: win"
        prompts.append([m["content"] for m in messages[1:]])
        return WINS[len(prompts) - 1]

    planned = turns_preset(planner="small", plan="goal", sees=[1])
    program = Cascade(planned, team(plays), domain="agent")
    demo = {"question": "q", "turns": [{"now": "A hall.", "action": "look"}]}
    demo |= {"now": "A box.", "action": "open box"}
    program.knn_demos["round_1.reasoner.predict"] = KNNDemos(1, [demo], by_task=True)
    run_sync(Agent(program, open_in_process).acall(question=TASK, game=GAME))
    for number, contents in enumerate(prompts):
        assert contents[:4] == ["Now: A hall.", "look", "Now: A box.", "open box"]
        for past in contents[4:-1:2]:
            assert past.startswith("Now: ") and "Goal" not in past
        assert contents[-1].startswith("Now: ") and contents[-1].endswith("Goal: win")
        assert len(contents) == 5 + 2 * number


@pytest.mark.parametrize("where", ["nowhere", "retrieved", "fixed"])
def test_a_program_of_turns_without_solved_games_is_named(where: str) -> None:
    """Its prompts list no actions, so that nothing shows how one is written."""
    program = Cascade(turns_preset(), team(expert), domain="agent")
    demo = {"question": "q", "turns": [], "now": "A hall.", "action": "look"}
    if where == "retrieved":
        program.knn_demos["round_1.reasoner.predict"] = KNNDemos(1, [demo], by_task=True)
    if where == "fixed":
        program.round_1.reasoner.predict.demos = [demo]
    said: list[str] = []
    warn_about_turns(Agent(program, open_in_process), said.append)
    assert (where == "nowhere") == bool(said)
    assert all("round 1 of turns" in line and "knn-few-shot" in line for line in said)


def test_turns_are_for_games_and_hold_no_thoughts() -> None:
    with pytest.raises(CopeError, match="'short-answer' have no steps"):
        Cascade(turns_preset(), team(expert))
    with pytest.raises(CopeError, match="leave out one of the two"):
        turns_preset(thought="short")


def test_a_prompt_of_turns_has_a_template_and_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compile measures prompts, and logs them, with texts in place of the question's fields."""
    monkeypatch.setattr(Tier, "context_tokens", 60)
    program = Cascade(turns_preset(), team(expert), domain="agent")
    ((_, messages, _),) = templates(program)
    assert [message["role"] for message in messages][:2] == ["system", "user"]
    assert "turns" in messages[1]["content"] and "now" in messages[-1]["content"]
    check = check_context_window([dspy.Example(question="Open the chest.")])
    assert "do not fit small's context of 60" in (check(program) or "")


@pytest.mark.parametrize(("num_turns", "fits"), [(4, True), (40, False)])
def test_a_prompt_is_measured_by_what_it_shows(
    num_turns: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question of a step holds the history as text and the actions too, which turns do not show."""
    monkeypatch.setattr(Tier, "context_tokens", 600)
    turns = [{"now": "You see a closed chest.", "action": "open chest"}] * num_turns
    fields = {"history": "h" * 9000, "actions": "a" * 9000, "turns": turns, "now": "A hall."}
    step = dspy.Example(question="Task: ...", **{INPUTS: fields})
    program = Cascade(turns_preset(), team(expert), domain="agent")
    assert (check_context_window([step])(program) is None) == fits
