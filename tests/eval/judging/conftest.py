"""Judges whose every reply is scripted."""

from collections.abc import Callable
from typing import Any

import pytest

from cope import Team
from cope.models import ScriptedEngine
from cope.programs.judge import Judge


def a_team(reply: Callable[[str], str]) -> Team:
    """A team whose judge replies `reply(prompt)`, and whose other tiers answer with their names."""

    def judged(messages: list[dict[str, str]], request: Any) -> str:
        return reply(messages[-1]["content"])

    return Team(
        ScriptedEngine(lambda messages, request: "small says"),
        ScriptedEngine(lambda messages, request: "large says"),
        judge=ScriptedEngine(judged),
        cache=False,
    )


@pytest.fixture
def judge() -> Callable[[Callable[[str], str]], Judge]:
    return lambda reply, **more: Judge(a_team(reply), **more)
