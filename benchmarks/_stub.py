"""A stub of Ollama's /api/chat that answers after a fixed delay.

It runs in its own process, because its work must not count as the client's:
`with serving(0.02) as url: ...`
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

REPLY = "Two and two make four.\nAnswer: 4"
_DONE = {"done": True, "done_reason": "stop", "prompt_eval_count": 60, "eval_count": 9}
_BODY = (
    json.dumps(
        {"model": "stub", "message": {"role": "assistant", "content": REPLY}, **_DONE}
    ).encode()
    + b"\n"
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n"
    % len(_BODY)
    + _BODY
)


async def _connection(
    delay: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
            )
            await reader.readexactly(int(length.partition(b":")[2]))
            await asyncio.sleep(delay)
            writer.write(_ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()  # the client has left


async def _serve(delay: float) -> None:
    server = await asyncio.start_server(lambda r, w: _connection(delay, r, w), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # ends with the process that started this one
    os._exit(0)  # because a normal exit would report the tasks of open connections


@contextmanager
def serving(delay: float) -> Iterator[str]:
    """Yield the address of a stub server that answers every request after `delay` seconds."""
    command = [sys.executable, __file__, str(delay)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin and server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
