"""Requests that wait for a batch: collected with their ids, and answered from its results."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dspy._vendor.lm15.transports import AsyncTransportResponse, TransportRequest

from ...errors import CopeError
from ...models import Call
from ...models.call_store import GroupLedger
from ...models.checked_reply import whole_reply
from ...models.current_call import current_call
from ...models.ledger import current_ledger
from ...util.hashing import digest
from ...util.json_types import JsonObject

ENDPOINT = "/v1/chat/completions"


@dataclass(frozen=True)
class Target:
    """Who answers a request, and as whom it is asked.

    Attributes:
        base: the address of the API, which ends before `/chat/completions`.
        model: the model, because a batch asks only one.
    """

    base: str
    model: str


@dataclass
class ParkedRequests:
    """A transport that sends nothing: it answers from results, and collects the other requests.

    It is also the admission control of the calls, which tells it how many calls are made.

    Attributes:
        results: the lines of finished batches by the id of their request.
        submitted: the ids of requests in batches that are not finished.
        collect: receives each new request: its target, its id and its body.
        headers: the headers of the latest request, with the key, which are in no file.
        parked: the number of requests that wait.
        calls: the number of calls that are made, whether a request waits for a batch or not.
        changed: set with every change of these numbers.
    """

    results: Mapping[str, JsonObject]
    submitted: set[str]
    collect: Callable[[Target, str, JsonObject], None]
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    parked: int = 0
    calls: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: dict[str, int] = field(default_factory=dict)

    @asynccontextmanager
    async def stream(self, request: TransportRequest) -> AsyncIterator[AsyncTransportResponse]:
        """Yield the reply of a finished batch, or wait without end."""
        body = json.loads(request.body)
        base = request.url.partition("?")[0].removesuffix("/chat/completions")
        name = self._id(body)
        result = self.results.get(name)
        if result is not None:
            yield _reply(result)
            return
        self.headers[base] = dict(request.headers)
        if name not in self.submitted:
            self.submitted.add(name)
            self.collect(Target(base, str(body.get("model"))), name, body)
        self.parked += 1
        self.changed.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.parked -= 1
            self.changed.set()

    def _id(self, body: JsonObject) -> str:
        """Return the id of the request of the current call: its row, its labels and its content."""
        call, ledger = current_call.get() or Call(), current_ledger()
        if not isinstance(ledger, GroupLedger):
            raise CopeError("a batch is asked outside of its rows")
        row = ledger.owner.rpartition(":")[2]
        sample = "all" if call.sample is None else str(call.sample)
        name = f"{row}-{call.round}-{call.role}-{sample}-{digest(body)}"
        copy = self._seen[name] = self._seen.get(name, 0) + 1
        return name if copy == 1 else f"{name}-{copy}"

    def before_call(self) -> None:
        """Count a call that begins."""
        self.calls += 1
        self.changed.set()

    def on_error(self, call: Call, error: Exception) -> None:
        """Do nothing, because `after_call` counts failed calls as well."""

    def after_call(self, call: Call) -> None:
        """Count a call that ended."""
        self.calls -= 1
        self.changed.set()

    async def all_parked(self, settle: float) -> None:
        """Wait until every call waits for a batch, and for `settle` seconds nothing changes."""
        while True:
            self.changed.clear()
            try:
                await asyncio.wait_for(self.changed.wait(), settle)
            except TimeoutError:
                if self.parked and self.parked == self.calls:
                    return


def row_of(name: str) -> int:
    """Return the number of the row of a request's id."""
    return int(name.partition("-")[0])


def request_line(name: str, body: JsonObject) -> bytes:
    """Return a request as a line of a batch's file."""
    line = {"custom_id": name, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _reply(result: JsonObject) -> AsyncTransportResponse:
    response = result.get("response") or {}
    status = response.get("status_code", 200)
    body = response.get("body")
    if result.get("error") and not body:
        status, body = 400, {"error": result["error"]}
    return whole_reply(int(status), json.dumps(body).encode())
