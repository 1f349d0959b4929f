"""The replies of an agent are short: an action line, which ends the reply; a thought where asked."""

from itertools import pairwise
from typing import Any

import pytest
from support.agent_replies import expert, field, team
from support.scripted_environment import GAME, TASK, WINS, open_in_process

from cope import Cascade
from cope.errors import CopeError
from cope.models import run_sync
from cope.programs.agent.agent import Agent
from cope.programs.agent.history import NOT_POSSIBLE
from cope.programs.agent.settings import AgentSettings
from cope.programs.preset import parse_preset
from cope.programs.reply_stops import is_beginning


def run(preset: str, small: Any, **settings: Any) -> tuple[Any, list[tuple[str, Any]]]:
    """Play a game; return the episode, and each call's prompt with its settings."""
    calls: list[tuple[str, Any]] = []

    def spy(messages: list[dict[str, str]], request: Any) -> str:
        calls.append(("\n".join(m["content"] for m in messages), request.config))
        stops, text = list(request.config.stop or ()), small(messages, request)
        return text.split(stops[0])[0] if stops else text

    program = Cascade(preset, team(spy, spy), domain="agent", early_stop="none")
    agent = Agent(program, open_in_process, AgentSettings(**settings))
    return run_sync(agent.acall(question=TASK, game=GAME)), calls


def lists_actions(messages: list[dict[str, str]], request: Any) -> str:
    """Write the right action, and then all others, as a small model does."""
    right = expert(messages, request).split("Action: ")[1]
    return "\n".join([right, *field(messages, "Actions").splitlines()])


@pytest.mark.parametrize("preset", ["small", "large"])
def test_one_call_is_one_line(preset: str) -> None:
    played, calls = run(preset, lists_actions)
    assert played.answer.splitlines() == list(WINS)
    assert len(calls) == len(WINS)
    assert all(list(config.stop) == ["\n"] for _, config in calls)


@pytest.mark.parametrize(
    ("preset", "thinks"), [("small", False), ("large", False), ("cope-react", True)]
)
def test_only_react_asks_for_a_thought(preset: str, thinks: bool) -> None:
    _, calls = run(preset, expert, max_steps=1)
    assert all(("Think in one short sentence" in prompt) == thinks for prompt, _ in calls)
    assert all(not config.stop for _, config in calls) == thinks


@pytest.mark.parametrize(
    ("start", "calls"),
    [
        ("<think>\nWell.\n</think>", 2),
        ("I need the key.", 2),
        ("My action is:", 2),
        ("", 2),
        ("go to kitchen", 1),
    ],
)
def test_a_reply_that_says_something_first_is_asked_for_in_full(start: str, calls: int) -> None:
    played, made = run("small", lambda m, r: f"{start}\ngo to kitchen", max_steps=1)
    assert played.steps[0]["action"] == "go to kitchen"
    assert len(made) == calls
    assert not made[-1][1].stop or calls == 1


def test_a_model_sees_what_it_wrote_that_was_not_possible() -> None:
    played, calls = run("small", lambda m, r: "go to moon", max_steps=9)
    assert played.end == "no readable action"
    assert [len(prompt.split(NOT_POSSIBLE)) - 1 for prompt, _ in calls] == [0, 0, 1, 1, 2, 2]
    assert f"1. go to moon -> {NOT_POSSIBLE}" in calls[2][0]


def test_a_reply_that_is_not_possible_is_asked_for_again_among_those_that_are() -> None:
    formats: list[Any] = []

    def small(messages: list[dict[str, str]], request: Any) -> str:
        if request.config.response_format is None:
            return "go to moon"
        formats.append(request.config.response_format)
        return '"go to kitchen"'

    played, _ = run("small", small, max_steps=1)
    assert played.steps[0]["action"] == "go to kitchen"
    assert "['go to cellar', 'go to kitchen', 'open chest']" in str(formats[0])


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("", True),
        ("<think>", True),
        ("I look for it.", True),
        ("Next:", True),
        ("go to moon", False),
        ("**dance**", False),
    ],
)
def test_a_line_without_a_sentence_is_a_whole_reply(text: str, begins: bool) -> None:
    assert is_beginning(text) == begins


def test_a_thought_is_only_asked_for_where_it_is_optional() -> None:
    rounds = [{"reasoner": "small", "thought": "short"}]
    preset = parse_preset({"name": "thinks", "rounds": rounds}, "here")
    assert Cascade(preset, team(expert), domain="agent").preset == preset
    with pytest.raises(
        CopeError, match="'short-answer' have no thought 'short': it can be 'program'"
    ):
        Cascade(preset, team(expert))
    with pytest.raises(CopeError, match=r"rounds\.1\.thought"):
        parse_preset({"name": "thinks", "rounds": [{"reasoner": "small", "thought": "long"}]}, "x")


def test_the_prompts_of_an_episode_share_a_prefix_and_end_with_the_task() -> None:
    _, calls = run("small", lists_actions)
    for (before, _), (after, _) in pairwise(calls[1:]):
        shared = before.index("\n\nObservation: ")
        assert before[:shared] == after[:shared], "the history only grows"
    for prompt, _ in calls:
        assert prompt.endswith(f"\n\nTask: {TASK}")
        assert prompt.index("History: ") < prompt.index("Observation: ") < prompt.index("Actions: ")


def test_an_episode_of_one_model_is_read_and_written_in_few_characters() -> None:
    _, calls = run("small", lists_actions)
    longest = max(len(prompt) for prompt, _ in calls)
    assert longest < 600
