"""The socket of the server sends small writes at once."""

import asyncio
import socket

import pytest

from cope.errors import CopeError
from cope.serve.listen import listen, listen_for_workers
from cope.serve.run import serving_line


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


def test_the_line_has_an_address_that_clients_understand() -> None:
    class Bound:
        def getsockname(self) -> tuple[str, int, int, int]:
            return "::1", 8321, 0, 0

    class Served:
        model_names = ("cope",)

    assert serving_line(Served(), Bound()) == "serving cope ... at http://[::1]:8321/v1"


def test_processes_have_sockets_of_one_port_that_nobody_else_uses() -> None:
    listeners = listen_for_workers("127.0.0.1", 0, 3)
    try:
        (port,) = {listener.getsockname()[1] for listener in listeners}
        for listener in listeners:
            listener.listen()
        with pytest.raises(CopeError, match=f"cannot serve at 127.0.0.1:{port}"):
            listen_for_workers("127.0.0.1", port, 2)
    finally:
        for listener in listeners:
            listener.close()
    for listener in listen_for_workers("127.0.0.1", port, 2):
        assert listener.getsockname()[1] == port
        listener.close()


def test_where_connections_are_not_spread_all_have_one_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cope.serve.listen._IS_BALANCED", False)
    first, *others = listen_for_workers("127.0.0.1", 0, 3)
    assert others == [first, first]
    first.close()
