"""The socket of the server sends small writes at once."""

import asyncio
import socket

import pytest

from cope.errors import CopeError
from cope.serve.listen import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_reply_in_two_writes_does_not_wait_for_the_client(host: str) -> None:
    try:
        listener = listen(host, 0)
    except (CopeError, OSError):
        pytest.skip(f"this machine has no {host}")

    async def no_delay() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            made = writer.get_extra_info("socket")
            found.set_result(made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(host, listener.getsockname()[1])
            try:
                return await found
            finally:
                writer.close()

    assert asyncio.run(no_delay())
