"""The HTTP connection of models behind an API: checks each reply before DSPy reads it.

DSPy's client takes what a server says at its word: a number of tokens that is text makes a call
fail, and an empty list of choices is an empty answer. So the raw reply is checked, because nothing
else shows all of it.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

from dspy._vendor.lm15.transports import (
    AsyncTransportResponse,
    StdlibAsyncTransport,
    TransportRequest,
)
from dspy.clients.engines.lm15_engine import AsyncLM15Engine
from dspy.lm15 import AsyncLMRouter, ContextLengthError, InvalidRequestError, ServerError

from ..util.json_text import parse_json
from ..util.json_types import JsonObject
from ..util.text import printable, shorten
from .current_call import report_heard, report_partial_usage
from .cut_prompts import SHORTEST_CONTEXT, count_words, is_cut_by_api
from .hosts import is_loopback
from .plain_http import PlainHttp, PlainReply, is_plain
from .replies import CONTENT_FILTER, NO_CONTENT, REFUSED, clean_usage, finite_number, known_count
from .scope import in_scope, scoped

READ_SECONDS = 600.0
"""Seconds without data after which a connection counts as broken."""

MAX_BODY_BYTES = 64_000_000


class ApiEngines(dict[Any, Any]):
    """The native engines of one language model, which DSPy makes, keeps here and shares.

    Each one that is kept gets the transport of this module.

    Args:
        timeout: seconds that a request may take; the language model cancels it then.
    """

    def __init__(self, timeout: float | None = None) -> None:
        super().__init__()
        self.read_seconds = max(READ_SECONDS, timeout or 0.0)

    def __setitem__(self, key: Any, engine: Any) -> None:
        if isinstance(engine, AsyncLM15Engine):
            transport = CheckedTransport(self.read_seconds)
            engine.config = replace(engine.config, timeouts=None, transport=transport)
            engine.router = AsyncLMRouter(engine.config)
        super().__setitem__(key, engine)


class Transport(Protocol):
    """Sends requests; one of DSPy's, or one of a batch that sends many of them together."""

    def stream(
        self, request: TransportRequest
    ) -> AbstractAsyncContextManager[AsyncTransportResponse]:
        """Send a request, and yield the reply."""
        ...


def use_transport(transport: Transport | None) -> AbstractContextManager[None]:
    """Send the chat completions that are asked of APIs inside by a transport; None is DSPy's."""
    return scoped("transport", transport)


def is_chat(request: TransportRequest) -> bool:
    """Return whether a request asks for a chat completion."""
    return request.url.partition("?")[0].endswith("/chat/completions")


def whole_reply(status: int, body: bytes) -> AsyncTransportResponse:
    """Return a reply whose body is known."""
    return AsyncTransportResponse(
        status=status,
        reason="",
        headers=[("content-type", "application/json")],
        http_version="HTTP/1.1",
        chunks=_one_chunk(body),
        release=_release_nothing,
    )


class CheckedTransport:
    """An asynchronous transport of DSPy's that checks replies.

    Loopback hosts bypass all proxies.
    """

    def __init__(self, read_seconds: float = READ_SECONDS) -> None:
        self._plain = PlainHttp(read_seconds)
        self._is_plain: dict[str, bool] = {}
        self._direct = StdlibAsyncTransport(read_timeout=read_seconds, trust_env=False)
        self._proxied = StdlibAsyncTransport(read_timeout=read_seconds)

    def _open(self, request: TransportRequest) -> AbstractAsyncContextManager[Any]:
        """Return the exchange of a request with its server, or with a batch of requests."""
        batch: Transport | None = in_scope("transport") if is_chat(request) else None
        if batch is not None:
            return batch.stream(request)
        url = request.url
        if url not in self._is_plain:
            self._is_plain[url] = is_plain(url)
        if request.method == "POST" and self._is_plain[url]:
            return self._plain.post(url, request.headers, request.body)
        return (self._direct if is_loopback(url) else self._proxied).stream(request)

    @asynccontextmanager
    async def stream(self, request: TransportRequest) -> AsyncIterator[AsyncTransportResponse]:
        """Send a request, and yield the reply.

        Raises:
            dspy.lm15.LM15Error: for a reply that is no answer.
        """
        async with self._open(request) as reply:
            report_heard()
            if reply.status >= 400 or b'"stream":true' in request.body.replace(b" ", b""):
                yield _response(reply, reply.__aiter__())
                return
            body = await _read(reply)
            if 300 <= reply.status < 400:
                raise ServerError(
                    "the server answers with a redirect, which is not followed: check the address",
                    status=reply.status,
                )
            yield _response(reply, _one_chunk(checked_body(body, request)))


def _response(
    reply: AsyncTransportResponse | PlainReply, chunks: AsyncIterator[bytes]
) -> AsyncTransportResponse:
    """Return a reply with another body, whose connection this module releases."""
    return AsyncTransportResponse(
        status=reply.status,
        reason=reply.reason,
        headers=reply.headers,
        http_version=reply.http_version,
        chunks=chunks,
        release=_release_nothing,
    )


async def _read(reply: AsyncTransportResponse | PlainReply) -> bytes:
    body = bytearray()
    async for chunk in reply:
        report_heard()
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ServerError(f"the reply has more than {MAX_BODY_BYTES:,} bytes")
    return bytes(body)


async def _one_chunk(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _release_nothing(body_consumed: bool) -> None:
    """Do nothing, because the connection was released when its body was read."""


def checked_body(body: bytes, request: TransportRequest) -> bytes:
    """Return the body of a successful reply as DSPy can read it.

    Implausible numbers of tokens and log-probabilities are left out, and so are unknown.

    Raises:
        dspy.lm15.ServerError: for a reply that is no JSON, or has no content.
        dspy.lm15.InvalidRequestError: when a content filter or the model refused.
        dspy.lm15.ContextLengthError: when the server cut the prompt.
    """
    try:
        document = parse_json(body)
    except ValueError:
        start = shorten(printable(body[:200].decode(errors="replace")), 80)
        raise ServerError(f"the reply is no JSON: {start!r}") from None
    if not isinstance(document, dict):
        raise ServerError("the reply is no JSON object")
    for name in ("usage", "usageMetadata"):
        if name in document:
            document[name] = clean_usage(document[name])
    if is_chat(request):
        _check_chat_completion(document)
        _check_prompt_is_whole(document, request)
    return json.dumps(document).encode()


def _check_chat_completion(document: JsonObject) -> None:
    error, choices = document.pop("error", None), document.get("choices")
    if error:
        if isinstance(error, dict):
            document["error"] = error  # DSPy knows its codes
            return
        raise ServerError(f"the server answers with an error: {shorten(str(error), 200)}")
    _report_usage(document.get("usage") or {})
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise ServerError(NO_CONTENT)
    choice = choices[0]
    document["choices"] = [choice]
    message = choice.get("message")
    if not isinstance(message, dict):
        raise ServerError(NO_CONTENT)
    _clean_logprobs(choice)
    if not isinstance(message.get("tool_calls"), list):
        message.pop("tool_calls", None)
    content = message["content"] = _clean_content(message.get("content"))
    reason = choice.get("finish_reason")
    if reason == CONTENT_FILTER:
        raise _refused("the reply was cut by the server's filter")
    if reason == "error" or choice.get("error"):
        raise ServerError("the server failed in the middle of its reply")
    others = any(message.get(name) for name in ("tool_calls", "reasoning_content", "reasoning"))
    if content or others or reason == "length":
        return
    if message.get("refusal"):
        raise _refused(shorten(str(message["refusal"]), 200))
    raise ServerError(NO_CONTENT)


def _check_prompt_is_whole(document: JsonObject, request: TransportRequest) -> None:
    tokens = known_count((document.get("usage") or {}).get("prompt_tokens"))
    if tokens is None or tokens < SHORTEST_CONTEXT or not request.body:
        return
    words = count_words(parse_json(request.body).get("messages"))
    if is_cut_by_api(tokens, words):
        raise ContextLengthError(
            f"the server read {tokens:,} tokens of a prompt of {words:,} words, so it cut the "
            "prompt: raise its context, or shorten the prompt"
        )


def _report_usage(usage: JsonObject) -> None:
    """Report the tokens, which were paid for also when the reply is rejected."""
    prompt = known_count(usage.get("prompt_tokens")) or 0
    report_partial_usage(prompt, known_count(usage.get("completion_tokens")) or 0)


def _clean_content(content: object) -> object:
    """Return text or parts of text; None for anything else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts: list[JsonObject] = []
    for part in content:
        if isinstance(part, dict) and isinstance(part.get("text"), str) and part["text"]:
            parts.append(part)
    return parts or None


def _clean_logprobs(choice: JsonObject) -> None:
    """Remove log-probabilities if one of them is no number."""
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(tokens, list):
        choice["logprobs"] = None
        return
    for token in tokens:
        if not _is_scored(token):
            choice["logprobs"] = None
            return
        others = token.get("top_logprobs")
        token["top_logprobs"] = list(filter(_is_scored, others if isinstance(others, list) else ()))


def _is_scored(token: object) -> bool:
    """Return whether a token has a log-probability, and drop its bytes, which nothing reads."""
    if not isinstance(token, dict):
        return False
    token.pop("bytes", None)
    return finite_number(token.get("logprob"))


def _refused(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"{REFUSED}: {reason}", provider_code=CONTENT_FILTER)
