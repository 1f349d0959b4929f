"""Where batches of requests are answered: a batch API, or files for a program such as vLLM's."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from ...errors import CopeError, first_line
from ...models.hosts import is_loopback
from ...util.json_text import parse_json
from ...util.json_types import JsonObject
from ...util.redact import redact_error
from ...util.text import shorten
from .parked import ENDPOINT, Target

_ENDED = ("completed", "expired", "failed", "cancelled")
_ATTEMPTS = 4
_PAUSES = (1.0, 4.0, 15.0)


class BatchService(Protocol):
    """Answers files of requests."""

    async def submit(self, target: Target, name: str, content: bytes) -> str:
        """Submit a file of requests to one model, and return the id of its batch.

        Raises:
            CopeError: when it cannot be submitted.
        """
        ...

    async def results(self, target: Target, batch: str) -> Iterator[JsonObject] | None:
        """Return the lines of an ended batch, also those of errors; None while it is in progress.

        A batch that expired has lines for the requests that were answered before.

        Raises:
            CopeError: when the batch failed as a whole, or cannot be asked for.
        """
        ...


@dataclass
class OpenAIBatches:
    """OpenAI's Batch API, or another server that has it.

    Attributes:
        headers: returns the headers of requests to an address, with the key.
        window: in which time a batch is answered.
        transport: sends the requests; None is HTTP. For tests.
        sleep: waits so many seconds.
    """

    headers: Callable[[str], dict[str, str]]
    window: str = "24h"
    transport: httpx.AsyncBaseTransport | None = None
    sleep: Callable[[float], object] = field(default=asyncio.sleep)

    async def submit(self, target: Target, name: str, content: bytes) -> str:
        upload = {"file": (name, content, "application/jsonl")}
        sent = await self._ask(target, "POST", "/files", files=upload, data={"purpose": "batch"})
        made = await self._ask(
            target,
            "POST",
            "/batches",
            json={
                "input_file_id": _text(sent, "id"),
                "endpoint": ENDPOINT,
                "completion_window": self.window,
                "metadata": {"cope": name},
            },
        )
        return _text(made, "id")

    async def results(self, target: Target, batch: str) -> Iterator[JsonObject] | None:
        state = await self._ask(target, "GET", f"/batches/{batch}")
        status = _text(state, "status")
        if not is_ended(status):
            return None
        files = [state.get("output_file_id"), state.get("error_file_id")]
        names = [name for name in files if isinstance(name, str)]
        if not names and status != "expired":
            raise why_failed(batch, target.base, status, state)
        contents = []
        for name in names:
            reply = await self._send(target, "GET", f"/files/{name}/content")
            contents.append(reply.content)
        return lines_of(b"\n".join(contents), f"the batch {batch}")

    async def _ask(self, target: Target, method: str, path: str, **content: object) -> JsonObject:
        reply = await self._send(target, method, path, **content)
        try:
            document = parse_json(reply.content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise CopeError(f"{target.base}{path} gives no JSON object: it has no batch API")
        return document

    async def _send(
        self, target: Target, method: str, path: str, **content: object
    ) -> httpx.Response:
        """Send a request, again where its failure may pass.

        Raises:
            CopeError: when the server refuses it or cannot be reached.
        """
        url = f"{target.base}{path}"
        headers = self.headers(target.base)
        problem = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                pause = self.sleep(_PAUSES[attempt - 1])
                if asyncio.iscoroutine(pause):
                    await pause
            try:
                async with httpx.AsyncClient(
                    timeout=120, transport=self.transport, trust_env=not is_loopback(url)
                ) as client:
                    reply = await client.request(method, url, headers=headers, **content)  # pyright: ignore[reportArgumentType]
            except httpx.HTTPError as error:
                problem = first_line(error) or type(error).__name__
                continue
            if reply.status_code < 400:
                return reply
            problem = f"status {reply.status_code}: {shorten(reply.text, 200)}"
            if reply.status_code not in (408, 409, 425, 429) and reply.status_code < 500:
                break
        raise CopeError(
            f"{url}: {redact_error(problem)}; what is answered is saved, and the same command "
            "resumes"
        )


@dataclass(frozen=True)
class BatchFiles:
    """Files that another program answers, such as `vllm run-batch`.

    Attributes:
        folder: where `NAME.jsonl` is written, and `NAME.out.jsonl` is read.
    """

    folder: Path

    async def submit(self, target: Target, name: str, content: bytes) -> str:
        """Write a file of requests, and return its name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)
        return name

    async def results(self, target: Target, batch: str) -> Iterator[JsonObject] | None:
        """Return the lines of the answered file.

        Raises:
            CopeError: when it is not there yet, with the command that makes it.
        """
        source = self.folder / batch
        answered = source.with_suffix(".out.jsonl")
        if not answered.exists():
            raise CopeError(
                f"{source} waits to be answered: run\n  vllm run-batch -i {source} -o {answered} "
                f"--model {target.model}\nand then the same command again"
            )
        return lines_of(answered.read_bytes(), str(answered))


def is_ended(status: str) -> bool:
    """Return whether a batch in this state will not change any more."""
    return status in _ENDED


def why_failed(batch: str, where: str, status: str, state: JsonObject) -> CopeError:
    """Return the error for a batch that has ended without results."""
    return CopeError(
        f"the batch {batch} at {where} is {status}: {_reason(state)}; the same command submits "
        "its requests again"
    )


def lines_of(content: bytes, source: str) -> Iterator[JsonObject]:
    """Yield the results in a file."""
    for number, text in enumerate(content.splitlines(), 1):
        if not text.strip():
            continue
        try:
            line = parse_json(text)
            json.dumps(line)
        except ValueError:
            line = None
        if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
            raise CopeError(f"{source}: line {number} of its results is no result of a batch")
        yield line


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise CopeError(f"the batch API gives no {name!r}: {shorten(str(document), 200)}")
    return value


def _reason(state: JsonObject) -> str:
    errors = state.get("errors")
    data = errors.get("data") if isinstance(errors, dict) else None
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return shorten(str(data[0].get("message")), 200)
    return "it says no reason"
