"""A stub server that answers after a fixed delay: Ollama's /api/chat and OpenAI's chat completions.

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
PROMPT_TOKENS, COMPLETION_TOKENS = 60, 9


def _answer(body: object, content_type: str) -> bytes:
    text = json.dumps(body).encode() + b"\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


def _ollama_reply() -> bytes:
    done = {
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": PROMPT_TOKENS,
        "eval_count": COMPLETION_TOKENS,
    }
    message = {"role": "assistant", "content": REPLY}
    return _answer({"model": "stub", "message": message, **done}, "application/x-ndjson")


def _openai_reply(count: int) -> bytes:
    choices = []
    for index in range(count):
        message = {"role": "assistant", "content": REPLY}
        choices.append({"index": index, "message": message, "finish_reason": "stop"})
    written = count * COMPLETION_TOKENS
    usage = {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": written,
        "total_tokens": PROMPT_TOKENS + written,
    }
    reply = {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 0,
        "model": "stub",
        "choices": choices,
        "usage": usage,
    }
    return _answer(reply, "application/json")


_OLLAMA = _ollama_reply()
_OPENAI = _openai_reply(1)


async def _connection(
    delay: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0  # of a GET, with which a proxy looks whether the server lives
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            body = await reader.readexactly(length)
            await asyncio.sleep(delay)
            answer = _OLLAMA
            if b"/chat/completions" in head:
                count = json.loads(body).get("n") or 1
                answer = _OPENAI if count == 1 else _openai_reply(count)
            writer.write(answer)
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
