"""Requests of chat front ends for titles, tags and follow-ups go to a small tier."""

from typing import Any

import pytest
from support.api import ask, body, streamed_text

from cope import Cascade, Team
from cope.errors import CopeError
from cope.models import ScriptedEngine
from cope.serve import Service
from cope.serve.requests import ChatRequest
from cope.serve.shortcut import is_shortcut

TALK = "\n\nUSER: How do I boil an egg?\nASSISTANT: Put it into boiling water for six minutes."


def request(text: str, system: str = "", **fields: Any) -> ChatRequest:
    messages = [{"role": "user", "content": text}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return ChatRequest.model_validate({"model": "cope", "messages": messages, **fields})


@pytest.mark.parametrize(
    "chat",
    [
        request("Create a title of five words at most for the chat below." + TALK),
        request("Task:\nGive one to three tags for the topics of the chat history." + TALK),
        request("Suggest three follow-up questions that suit this conversation." + TALK),
        request("Task: write a title for this chat as JSON.\n<chat_history>\nHi\n</chat_history>"),
        request("Summarize our conversation in a title of four words.", max_tokens=32),
        request("Generate a name for this conversation.", max_completion_tokens=64),
        request("How do I boil an egg?", "You write titles of conversations.", max_tokens=20),
        request("Generate a search query for the last message of this chat." + TALK),
    ],
)
def test_what_a_front_end_asks_for_itself_is_recognized(chat: ChatRequest) -> None:
    assert is_shortcut(chat)


@pytest.mark.parametrize(
    "chat",
    [
        request("What is 6 times 7?"),
        request("What is 6 times 7?", max_tokens=20),
        request("Suggest a title for my novel about whales.", max_tokens=50),
        request("Write a title for a talk about chat programs and their history."),
        request("How do I name a conversation in this program?"),
        request("Summarize the discussion: " + "word " * 300 + "Its title is unknown."),
        request("Generate a title for this conversation." + TALK, n=2),
        request("Generate a title for this conversation." + TALK, tools=[{"type": "function"}]),
        request("User: hi\nAssistant: hello\nUser: what did I say?"),
    ],
)
def test_a_question_of_a_person_is_answered_by_the_program(chat: ChatRequest) -> None:
    assert not is_shortcut(chat)


def service(shortcut: str | None) -> tuple[ScriptedEngine, ScriptedEngine, Service]:
    small = ScriptedEngine(lambda messages, request: "Boiling Eggs")
    large = ScriptedEngine(lambda messages, request: "Answer: 42")
    team = Team(small, large, cache=False)
    return small, large, Service(Cascade("large", team), shortcut=shortcut)


@pytest.mark.parametrize("stream", [False, True])
def test_the_small_tier_answers_alone_when_it_is_asked_to(stream: bool) -> None:
    text = "Create a title for the chat below." + TALK
    small, large, served = service("small")
    response = ask(served, body(text, stream=stream))
    if stream:
        assert streamed_text(response) == "Boiling Eggs" and '"model": "cope"' in response.text
    else:
        reply = response.json()
        assert reply["choices"][0]["message"]["content"] == "Boiling Eggs"
        assert reply["model"] == "cope" and reply["cope"]["shortcut"]
    assert (len(small.requests), len(large.requests)) == (1, 0)
    assert served.model_names == ["cope"]


def test_it_is_off_by_default_and_needs_a_tier_of_the_team() -> None:
    small, large, served = service(None)
    reply = ask(served, body("Create a title for the chat below." + TALK)).json()
    assert "shortcut" not in reply["cope"]
    assert (len(small.requests), len(large.requests)) == (0, 1)
    assert ask(served, body(model="cope/shortcut")).status_code == 404
    with pytest.raises(CopeError, match="no tier is named 'smal'.*did you mean small"):
        service("smal")
