"""The replies of models behind an API, checked before DSPy reads them.

The raw reply is checked, because nothing else shows all of it, see `checked_document`.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from dspy._vendor.lm15.transports import AsyncTransportResponse, TransportRequest
from dspy.lm15 import ServerError

from ..util.json_types import JsonObject
from .api_body import checked_document, read_document
from .current_call import report_heard
from .plain_connection import PlainReply
from .reply_text import text_sink
from .streamed_reply import read_stream

MAX_BODY_BYTES = 64_000_000
_EVENTS = "text/event-stream"


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


@dataclass(frozen=True, slots=True)
class WholeReply:
    """A reply that was read to its end.

    Attributes:
        status: the code of the status.
        reason: the text behind it.
        headers: names and values.
        body: the body as it came; empty where it was checked.
        document: the checked body; None for one that was not checked.
    """

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    document: JsonObject | None = None


async def checked_reply(
    reply: AsyncTransportResponse | PlainReply, request: TransportRequest
) -> AsyncTransportResponse:
    """Return a reply whose body is checked, unless it is an error or DSPy reads it as a stream.

    The text of a reply that comes as a stream is shown as it comes.

    Raises:
        dspy.lm15.LM15Error: for a reply that is no answer.
    """
    report_heard()
    if reply.status >= 400 or asks_for_stream(request):
        return _response(reply, reply.__aiter__())
    sink = text_sink()
    if sink is not None and (reply.header("content-type") or "").startswith(_EVENTS):
        document = await read_stream(_response(reply, _parts(reply)).aiter_lines(), sink)
        document = checked_document(document, request)
    else:
        document = body_document(reply.status, await read_body(reply), request)
    return with_body(reply, json.dumps(document).encode())


def asks_for_stream(request: TransportRequest) -> bool:
    """Return whether DSPy itself reads the reply to a request as a stream."""
    return b'"stream":true' in request.body.replace(b" ", b"")


def body_document(status: int, body: bytes, request: TransportRequest) -> JsonObject:
    """Return the checked document in the body of a reply, see `checked_document`.

    Raises:
        dspy.lm15.LM15Error: for a reply that is no answer.
    """
    if 300 <= status < 400:
        raise ServerError(
            "the server answers with a redirect, which is not followed: check the address",
            status=status,
        )
    return checked_document(read_document(body), request)


def with_body(reply: AsyncTransportResponse | PlainReply, body: bytes) -> AsyncTransportResponse:
    """Return a reply with another body."""
    return _response(reply, _one_chunk(body))


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


async def read_body(reply: AsyncTransportResponse | PlainReply) -> bytes:
    """Read the body of a reply.

    Raises:
        dspy.lm15.ServerError: for one that is too large.
    """
    body = bytearray()
    async for part in _parts(reply):
        body += part
    return bytes(body)


async def _parts(reply: AsyncTransportResponse | PlainReply) -> AsyncIterator[bytes]:
    """Yield the parts of a body as they come."""
    size = 0
    async for part in reply:
        size += len(part)
        _check_size(size)
        yield part


def _check_size(size: int) -> None:
    report_heard()
    if size > MAX_BODY_BYTES:
        raise ServerError(f"the reply has more than {MAX_BODY_BYTES:,} bytes")


async def _one_chunk(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _release_nothing(body_consumed: bool) -> None:
    """Do nothing, because the connection was released when its body was read."""
