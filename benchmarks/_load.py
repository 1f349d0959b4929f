"""Load a server with chat requests: `python _load.py URL MODEL CLIENTS SECONDS`.

It runs in its own process, because its work must not count as the server's, and speaks bare HTTP,
because a client library costs more than a lean server. Each client sends its next request when it
has read the reply. It prints one JSON document: the seconds of every good reply, and the errors.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_TIMEOUT = 120.0


@dataclass
class Load:
    """What one run measured.

    Attributes:
        seconds: of each reply with status 200.
        errors: other statuses and broken connections, with their numbers.
        elapsed: seconds from the first request to the last reply.
    """

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0


class Client:
    """One connection that sends the same request again and again.

    Args:
        url: the address of the server.
        model: the model that is asked.
    """

    def __init__(self, url: str, model: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        message = {"role": "user", "content": "What is two and two?"}
        body = json.dumps({"model": model, "messages": [message]}).encode()
        head = (
            f"POST {parts.path}/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Authorization: Bearer none\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> int:
        """Send a request, read the whole reply, and return its status."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = 0
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if b"transfer-encoding: chunked" in head:
            await self._read_chunks(reader)
        else:
            await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1])

    async def _read_chunks(self, reader: asyncio.StreamReader) -> None:
        size = 1
        while size:
            size = int(await reader.readuntil(b"\r\n"), 16)
            await reader.readexactly(size + 2)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def load(url: str, model: str, clients: int, seconds: float) -> Load:
    """Send requests from so many clients at once for some seconds."""
    result = Load()
    start = time.perf_counter()

    async def work(position: int) -> None:
        client = Client(url, model)
        await asyncio.sleep(min(1.0, seconds / 4) * position / clients)  # not all in one burst
        while time.perf_counter() - start < seconds:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(_TIMEOUT):
                    status = await client.ask()
            except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
                result.errors[type(error).__name__] += 1
                client.close()
                await asyncio.sleep(0.1)
                continue
            if status == 200:
                result.seconds.append(time.perf_counter() - began)
            else:
                result.errors[str(status)] += 1
        client.close()

    await asyncio.gather(*(work(position) for position in range(clients)))
    result.elapsed = time.perf_counter() - start
    return result


def main() -> None:
    url, model, clients, seconds = sys.argv[1:]
    result = asyncio.run(load(url, model, int(clients), float(seconds)))
    print(json.dumps(vars(result)))


if __name__ == "__main__":
    main()
