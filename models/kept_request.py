"""A request that was prepared for one sample, and serves the next samples of the same prompt."""

import json
from dataclasses import dataclass, replace
from typing import Any

from dspy._vendor.lm15.providers.async_base import AsyncOpenAIChatLM
from dspy._vendor.lm15.providers.base import (
    HttpResponse,
    _attach_error_metadata,
    _client_side_stop,
)
from dspy._vendor.lm15.transports import TransportError, TransportRequest
from dspy.clients.execution import PreparedCall
from dspy.lm15 import ProviderError, Request, Response, TransportError as LM15TransportError

from .api_body import NUM_CHOICES
from .api_transport import CheckedTransport
from .checked_reply import WholeReply
from .choice_tokens import split_choices
from .engines.async_adapter import AsyncEngineAdapter
from .plain_reply import read_plain_reply
from .unchecked import changed


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
        routed: the request for the backend. With `wire` it may have the messages of another prompt,
            because nothing reads them.
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
        if seed is None or type(seed) is int:
            config = changed(self.routed.config, seed=seed)
        else:
            config = replace(self.routed.config, seed=seed)
        routed = changed(self.routed, config=config)
        given = self.given and changed(self.given, config=config)
        return replace(self, routed=routed, given=given, wire=None)

    def with_wire(self) -> "KeptRequest":
        """Return the request with what is sent, where that depends on nothing else.

        DSPy makes it for every call, because a key may change and some replies need more requests.
        """
        client = self.backend
        if not isinstance(client, AsyncOpenAIChatLM) or callable(client._inner.api_key):
            return self
        if not isinstance(client.transport, CheckedTransport):
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
        return self._read(await self._ask(self.wire[0]))

    @property
    def takes_several(self) -> bool:
        """Whether several completions can be asked for by one request."""
        return self.wire is not None or isinstance(self.backend, AsyncEngineAdapter)

    async def send_for(self, count: int) -> "SeveralResponses":
        """Ask for several completions by one request, where `takes_several`.

        Raises:
            dspy.lm15.LM15Error: when there is none.
        """
        if self.wire is None:
            responses = await self.backend.complete_several(self.routed, count)
            return SeveralResponses(list(responses), len(responses), False)
        sent = self.wire[0]
        body = json.dumps(json.loads(sent.body) | {"n": count}).encode()
        reply = await self._ask(replace(sent, body=body))
        document = reply.document
        if document is None:
            document = json.loads(reply.body)
        num_choices = document.pop(NUM_CHOICES, len(document["choices"]))
        parts, is_estimated = split_choices(document)
        responses = [self._read(replace(reply, document=part)) for part in parts]
        return SeveralResponses(responses, num_choices, is_estimated)

    async def _ask(self, sent: TransportRequest) -> WholeReply:
        client = self.backend
        try:
            reply = await client.transport.ask(sent)
        except TransportError as error:
            raise LM15TransportError(str(error)) from error
        if reply.status >= 400:
            raise client._inner._http_error(self._as_http(reply))
        return reply

    def _as_http(self, reply: WholeReply) -> HttpResponse:
        body = reply.body if reply.document is None else json.dumps(reply.document).encode()
        return HttpResponse(
            reply.status, reply.reason, reply.headers, body, provider=self.backend.provider
        )

    def _read(self, reply: WholeReply) -> Response:
        assert self.wire is not None
        client, notes = self.backend, self.wire[1]
        response = None
        if reply.document is not None:
            response = read_plain_reply(reply.document)
        if response is not None and not notes:
            return response
        try:
            if response is None:
                response = client._inner.parse_response(self.routed, self._as_http(reply))
            return client._inner._finish_response(
                self.routed, response, notes, policy=client.adaptations
            )
        except ProviderError as error:
            _attach_error_metadata(error, reply.headers)
            raise
