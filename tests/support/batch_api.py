"""A batch API in this process, and the requests that it was sent."""

import json
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from support.servers import LocalServer


class BatchAPI:
    """Answers batches by a function of the body of a request.

    Attributes:
        reply: returns the text of a reply, or a status above 399.
        steps: the states of a batch before it ends.
        expires_after: the number of requests that the next batch answers before it expires.
        fails: whether the next batch fails as a whole.
        asked: how often each id was asked.
        files: the content of uploads and results.
        batches: the batches by id.
        keys: the keys that were sent.
    """

    def __init__(self, reply: Callable[[dict[str, Any]], str | int]) -> None:
        self.reply = reply
        self.steps = ["validating", "in_progress"]
        self.expires_after: int | None = None
        self.fails = False
        self.asked: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.keys: set[str] = set()
        self.lines: list[dict[str, Any]] = []

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.keys.add(request.headers.get("authorization", ""))
        path = request.url.path.removeprefix("/v1")
        if path == "/files":
            name = f"file-{len(self.files)}"
            body = request.content
            start = body.index(b'{"custom_id"')
            content = self.files[name] = body[start : body.rindex(b"\r\n--")]
            made = {"id": name, "object": "file", "bytes": len(content), "created_at": 1}
            made |= {"filename": "x.jsonl", "purpose": "batch", "status": "processed"}
            return httpx.Response(200, json=made)
        if path.startswith("/files/"):
            return httpx.Response(200, content=self.files[path.split("/")[2]])
        if path == "/batches":
            return httpx.Response(200, json=self._make(json.loads(request.content)))
        batch = self.batches[path.split("/")[2]]
        if batch["steps"]:
            return httpx.Response(200, json=_document(batch, batch["steps"].pop(0)))
        return httpx.Response(200, json=_document(batch, "completed") | batch["end"])

    def _make(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = f"batch-{len(self.batches)}"
        end: dict[str, Any] = {"id": name, "status": "completed"}
        if self.fails:
            self.fails = False
            end = {"id": name, "status": "failed"}
            end["errors"] = {"data": [{"message": "the file has too many lines"}]}
        else:
            self._answer(asked["input_file_id"], end)
        self.batches[name] = {"id": name, "steps": list(self.steps), "end": end} | asked
        return _document(self.batches[name], "validating")

    def _answer(self, file: str, end: dict[str, Any]) -> None:
        good, bad = [], []
        limit, self.expires_after = self.expires_after, None
        if limit is not None:
            end["status"] = "expired"
        for number, line in enumerate(map(json.loads, self.files[file].splitlines())):
            if limit is not None and number >= limit:
                error = {"code": "batch_expired", "message": "not in time"}
                bad.append({"custom_id": line["custom_id"], "response": None, "error": error})
                continue
            self.asked[line["custom_id"]] += 1
            self.lines.append(line)
            result = answered_line(line, self.reply)
            (good if result["response"]["status_code"] == 200 else bad).append(result)
        for key, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                end[key] = f"file-{len(self.files)}"
                self.files[end[key]] = "".join(json.dumps(one) + "\n" for one in lines).encode()


def _document(batch: dict[str, Any], status: str) -> dict[str, Any]:
    """Return a batch as the API shows it."""
    document = {"id": batch["id"], "object": "batch", "status": status, "created_at": 1}
    for name in ("endpoint", "input_file_id", "completion_window", "metadata"):
        document[name] = batch[name]
    return document


class BatchServer(LocalServer):
    """A batch API behind an address, for clients that have a transport of their own."""

    def __init__(self, api: BatchAPI) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api = api

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: BatchServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        asked = httpx.Request(
            self.command, f"http://x{self.path}", headers=dict(self.headers), content=body
        )
        reply = self.server.api.handle(asked)
        self.send_response(reply.status_code)
        self.send_header("content-type", reply.headers.get("content-type", "text/plain"))
        self.send_header("content-length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    do_GET = do_POST = _answer

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def answered_line(
    line: dict[str, Any], reply: Callable[[dict[str, Any]], str | int]
) -> dict[str, Any]:
    """Return the result of a line of a batch."""
    text = reply(line["body"])
    if isinstance(text, int):
        response = {"status_code": text, "body": {"error": {"message": f"status {text}"}}}
    else:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        body = {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": line["body"]["model"],
        }
        response = {"status_code": 200, "body": body | {"choices": [choice], "usage": usage}}
    return {"id": "r", "custom_id": line["custom_id"], "response": response, "error": None}
