"""Requests that were prepared for one sample, kept for the next samples of the same prompt."""

import asyncio
import json
import weakref
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import dspy
from dspy._vendor.lm15.providers.async_base import AsyncOpenAIChatLM
from dspy._vendor.lm15.providers.base import (
    HttpResponse,
    _attach_error_metadata,
    _client_side_stop,
)
from dspy._vendor.lm15.transports import TransportRequest
from dspy.clients.execution import PreparedCall
from dspy.lm15 import Message, ProviderError, Request, Response, TextPart, Usage

from ..util.json_types import JsonObject
from .api_body import NUM_CHOICES
from .choice_tokens import split_choices

KEPT = 256
"""How many requests are kept for an event loop; more than the prompts in flight."""

_OWN_OF_A_SAMPLE = ("seed", "rollout_id")
"""Settings in which the samples of a round differ. The second one is never sent."""


@dataclass(frozen=True)
class SeveralResponses:
    """The responses to one request for several completions.

    Attributes:
        responses: one for each answer. The first one has the tokens of the prompt, and each those
            of its completion.
        num_choices: the completions that came, also those that are no answers.
        is_estimated: whether the tokens of the completions are estimated.
    """

    responses: list[Response]
    num_choices: int
    is_estimated: bool


@dataclass(frozen=True)
class KeptRequest:
    """A request that is ready to be sent.

    Attributes:
        backend: has `complete(request)`: an engine, or a provider's client of DSPy's.
        routed: the request for the backend.
        provider: the provider as DSPy names it; None for an engine.
        given: the request before DSPy routed it; None where it is the same.
        wire: what is sent, with DSPy's notes on it; None where `complete` makes it.
    """

    backend: Any
    routed: Request
    provider: str | None
    given: Request | None = None
    wire: tuple[TransportRequest, Any] | None = None

    @property
    def canonical(self) -> Request:
        """The request as DSPy's history and prices see it."""
        return self.given or self.routed

    def for_call(self, call: PreparedCall) -> "KeptRequest":
        """Return the request with the seed of a call."""
        seed = call.legacy.get("seed")
        if seed == self.routed.config.seed:
            return self
        routed = replace(self.routed, config=replace(self.routed.config, seed=seed))
        given = self.given and replace(self.given, config=routed.config)
        return replace(self, routed=routed, given=given, wire=None)

    def with_wire(self) -> "KeptRequest":
        """Return the request with what is sent, where that depends on nothing else.

        DSPy makes it for every call, because a key may change and some replies need more requests.
        """
        client = self.backend
        if not isinstance(client, AsyncOpenAIChatLM) or callable(client._inner.api_key):
            return self
        if self.routed.config.response_format is not None:
            return self
        sent, notes = client._inner._build(self.routed, stream=False, policy=client.adaptations)
        return self if _client_side_stop(notes) else replace(self, wire=(sent, notes))

    async def send(self) -> Response:
        """Send the request once and return the response.

        Raises:
            dspy.lm15.LM15Error: when there is none.
        """
        if self.wire is None:
            return await self.backend.complete(self.routed)
        return self._read(await self._reply(self.wire[0]))

    async def send_for(self, count: int) -> "SeveralResponses":
        """Ask for several completions by one request, which must have `wire`.

        Raises:
            dspy.lm15.LM15Error: when there is none.
        """
        assert self.wire is not None
        sent = self.wire[0]
        body = json.dumps(json.loads(sent.body) | {"n": count}).encode()
        reply = await self._reply(replace(sent, body=body))
        document = json.loads(reply.body)
        num_choices = document.pop(NUM_CHOICES, len(document["choices"]))
        parts, is_estimated = split_choices(document)
        responses: list[Response] = []
        for part in parts:
            if responses and _differ_in_text(parts[0], part):
                responses.append(_with_text(responses[0], part))
            else:
                responses.append(self._read(replace(reply, body=json.dumps(part).encode())))
        return SeveralResponses(responses, num_choices, is_estimated)

    async def _reply(self, sent: TransportRequest) -> HttpResponse:
        reply = await self.backend._send(sent)
        if reply.status >= 400:
            raise self.backend._inner._http_error(reply)
        return reply

    def _read(self, reply: HttpResponse) -> Response:
        assert self.wire is not None
        client, notes = self.backend, self.wire[1]
        try:
            response = client._inner.parse_response(self.routed, reply)
            return client._inner._finish_response(
                self.routed, response, notes, policy=client.adaptations
            )
        except ProviderError as error:
            _attach_error_metadata(error, reply.headers)
            raise


def _differ_in_text(first: JsonObject, other: JsonObject) -> bool:
    """Return whether two completions of a reply are plain texts that ended alike."""
    ends = set()
    for part in (first, other):
        choice = part["choices"][0]
        message = dict(choice["message"])
        text, role = message.pop("content", None), message.pop("role", None)
        if not isinstance(text, str) or role != "assistant" or any(message.values()):
            return False
        if choice.get("logprobs"):
            return False
        ends.add(choice.get("finish_reason"))
    return len(ends) == 1


def _with_text(first: Response, part: JsonObject) -> Response:
    """Return the response to a completion that differs from the first in its text and its tokens.

    DSPy reads each reply anew, which takes several times as long.
    """
    text = part["choices"][0]["message"]["content"]
    usage = part["usage"]
    return replace(
        first,
        message=Message.assistant([TextPart(text)]),
        usage=Usage(usage["prompt_tokens"], usage.get("completion_tokens")),
        provider_data=part,
    )


def request_key(call: PreparedCall) -> str | None:
    """Return a text that is equal for calls whose requests differ in the seed only.

    None for a call whose settings are not JSON, such as a class for the reply's format.
    """
    settings = {}
    for name, value in call.legacy.items():
        if name not in _OWN_OF_A_SAMPLE:
            settings[name] = value
    settings["seeded"] = call.legacy.get("seed") is not None
    try:
        return json.dumps(settings)
    except TypeError:
        return None


class KeptRequests:
    """The requests of a tier, by event loop, because connections belong to one."""

    def __init__(self) -> None:
        self._by_loop: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, OrderedDict[tuple[object, ...], KeptRequest]
        ] = weakref.WeakKeyDictionary()

    def get(self, lm: dspy.LM, key: str) -> KeptRequest | None:
        """Return the request of an earlier call; None without one."""
        return self._requests().get(_full_key(lm, key))

    def put(self, lm: dspy.LM, key: str, request: KeptRequest) -> None:
        """Keep a request, and drop the oldest one when there are too many."""
        requests, full = self._requests(), _full_key(lm, key)
        requests[full] = request
        requests.move_to_end(full)
        if len(requests) > KEPT:
            requests.popitem(last=False)

    def _requests(self) -> OrderedDict[tuple[object, ...], KeptRequest]:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop[loop] = OrderedDict()
        return self._by_loop[loop]


def _full_key(lm: dspy.LM, key: str) -> tuple[object, ...]:
    # A copy of a language model may have another engine.
    return lm.model, lm.model_type, id(lm._engine_spec), id(lm._async_engine_spec), key
