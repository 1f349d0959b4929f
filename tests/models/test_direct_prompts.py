"""Prompts after the first one of some settings are sent as DSPy sends them."""

import asyncio
import contextlib
from typing import Any

import dspy
import pytest
from support.fault_server import faulty
from support.faulty_replies import GOOD, api_model

from cope import Team
from cope.models import ScriptedEngine
from cope.models.direct import select_request
from cope.models.lm import TierLM

PROMPTS = {
    "text": [{"role": "user", "content": "5 + 6?"}],
    "with instructions": [
        {"role": "system", "content": 'Say "so", \u00e9 or \u4e2d.'},
        {"role": "user", "content": "5 + 6?\n"},
    ],
    "with an example": [
        {"role": "user", "content": "1 + 1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "5 + 6?"},
    ],
    "with two instructions": [
        {"role": "system", "content": "One."},
        {"role": "system", "content": "Two."},
        {"role": "user", "content": "5 + 6?"},
    ],
    "with a name": [{"role": "user", "content": "5 + 6?", "name": "me"}],
    "empty": [{"role": "user", "content": ""}],
}


BY_LITELLM = "with a name"  # DSPy sends it, whose client takes seconds to import
CASES = PROMPTS | {BY_LITELLM: pytest.param(PROMPTS[BY_LITELLM], marks=pytest.mark.slow)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("messages", CASES.values(), ids=CASES)
def test_another_prompt_of_the_same_settings_is_sent_as_dspy_sends_it(
    messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    before = [message | {"content": f"{message['content']} 7"} for message in messages]

    async def ask(lm: TierLM) -> list[Any]:
        given: list[Any] = []
        for prompt in (before, messages, messages):
            try:
                given.append(await lm.acall(messages=prompt, temperature=0.5))
            except (dspy.LMError, ValueError) as error:
                given.append((type(error), str(error)))
        return given

    bodies: list[list[Any]] = []
    for is_observed in (False, True):
        with faulty(GOOD) as server, monkeypatch.context() as patch:
            if is_observed:
                patch.setattr("cope.models.lm.is_unobserved", lambda lm: False)
            bodies.append([asyncio.run(ask(api_model(server))), *server.bodies])
    assert bodies[0] == bodies[1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("messages", PROMPTS.values(), ids=PROMPTS)
def test_an_engine_gets_another_prompt_as_dspy_gives_it(
    messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    requests: list[Any] = []

    def answer(_: Any, request: Any) -> str:
        requests.append(request)
        return "Answer: 7"

    before = [message | {"content": f"{message['content']} 7"} for message in messages]

    async def ask(lm: TierLM) -> None:
        for prompt in (before, messages):
            with contextlib.suppress(dspy.LMError, ValueError):
                await lm.acall(messages=prompt, temperature=0.5)

    engine = ScriptedEngine(answer)
    lm = Team(small=engine, large=engine, cache=False)["small"].lm
    asyncio.run(ask(lm))
    with monkeypatch.context() as patch:
        patch.setattr("cope.models.lm.is_unobserved", lambda lm: False)
        asyncio.run(ask(lm))
    half = len(requests) // 2
    assert requests[:half] == requests[half:]


def test_dspy_makes_the_request_of_the_first_prompt_of_some_settings(
    monkeypatch: pytest.MonkeyPatch,
):
    made: list[Any] = []

    async def noted(lm: Any, call: Any) -> Any:
        made.append(call)
        return await select_request(lm, call)

    async def ask(lm: TierLM) -> None:
        for number in range(3):
            for temperature in (0.5, 0.6):
                await lm.acall(f"{number} + 4?", temperature=temperature)

    monkeypatch.setattr("cope.models.direct.select_request", noted)
    with faulty(GOOD) as server:
        asyncio.run(ask(api_model(server)))
    assert [call.legacy["temperature"] for call in made] == [0.5, 0.6] and len(server.bodies) == 6
