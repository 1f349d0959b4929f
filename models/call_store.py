"""A store of calls that several workers share, so that none of them repeats a call of another.

The calls of one round of one question lie in one file, which is whole after every call. While a
worker makes such calls it has the lease of their folder; another worker that needs the same calls
waits, and then finds them. An engine such as Spark repeats the work of a lost worker, and pays only
for the calls that the lost worker had in flight.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ..errors import CopeError
from ..util.hashing import digest
from ..util.json_text import parse_json
from ..util.json_types import JsonObject
from ..util.redact import redact_data
from ..util.storage import Storage
from .exchange import Exchange
from .lease import LEASE_SECONDS, Clock, Leases
from .ledger import Ledger

OWNER_KEY = "owner"
"""Names the row for which a call was made."""

_FILE = "calls.json"


@dataclass(frozen=True)
class CallGroup:
    """The calls that are stored together: those of one round of one question.

    The key of a call in it names the model, the messages and the sample, see `call_key`.

    Attributes:
        question: a digest of the question and its other inputs.
        program: the fingerprint of the program, and the models of its tiers.
        round: the round, from 1.
    """

    question: str
    program: str
    round: int

    @property
    def folder(self) -> str:
        """The folder of the group in a store."""
        name = digest(self.question, self.program)
        return f"{name[:2]}/{name[2:]}-{self.round}"


class CallStore:
    """The calls of a program in a folder that all workers reach.

    Args:
        storage: the folder.
        lease_seconds: after this time without a sign of life a worker counts as lost.
        clock: the time.
    """

    def __init__(
        self,
        storage: Storage,
        lease_seconds: float = LEASE_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self.storage, self.lease_seconds = storage, lease_seconds
        self._leases = Leases(storage, lease_seconds, clock or Clock())
        self._locks: dict[str, asyncio.Lock] = {}
        self._users = Counter[str]()  # rows of this worker that hold a lock, or wait for it

    def __reduce__(self) -> tuple[type["CallStore"], tuple[Storage, float]]:
        """Pickle the settings: in another process it is another worker."""
        return type(self), (self.storage, self.lease_seconds)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Keep the leases of the groups that are open inside."""
        keeper = asyncio.create_task(self._leases.keep())
        try:
            yield
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    def work_alone(self) -> None:
        """Take no leases from now on, because the caller has locked the folder for this process.

        Where a worker of another runner is still alive, such as one of a killed job, they stay.
        """
        for start, name in self._groups():
            if self._leases.others(f"{start}/{name}"):
                return
        self._leases.is_alone = True

    @asynccontextmanager
    async def group(self, group: CallGroup, owner: str) -> AsyncIterator["GroupLedger"]:
        """Open the calls of a group, once no other worker makes any of them.

        Args:
            group: which calls.
            owner: the row for which calls are made.

        Raises:
            CopeError: when the store cannot be read or written.
        """
        folder = group.folder
        async with self._only_row(folder):
            await self._leases.acquire(folder)
            try:
                name = f"{folder}/{_FILE}"
                ledger = await self.storage.run(GroupLedger, self.storage, name, owner)
                try:
                    yield ledger
                finally:
                    await ledger.written()
            finally:
                await self.storage.run(self._leases.release, folder)

    @asynccontextmanager
    async def _only_row(self, folder: str) -> AsyncIterator[None]:
        """Let one row of this worker in at a time, because they all have the same lease."""
        lock = self._locks.setdefault(folder, asyncio.Lock())
        self._users[folder] += 1
        try:
            async with lock:
                yield
        finally:
            self._users[folder] -= 1
            if not self._users[folder]:
                del self._locks[folder], self._users[folder]

    def calls_of(self, run: str) -> Iterator[JsonObject]:
        """Yield the calls in the store that the rows of a run have paid for."""
        for start, name in self._groups():
            file = f"{start}/{name}/{_FILE}"
            content = self.storage.read(file)
            if content is None:
                continue
            for entry in _checked(content, self.storage.address(file)).values():
                if str(entry.get(OWNER_KEY)).startswith(f"{run}:"):
                    yield entry["call"]

    def _groups(self) -> Iterator[tuple[str, str]]:
        for start in self.storage.names():
            for name in self.storage.names(start):
                yield start, name

    def forget(self, group: CallGroup) -> None:
        """Remove the calls of a group, whose results are saved elsewhere."""
        self.storage.remove(f"{group.folder}/{_FILE}")
        self.storage.remove(group.folder)


@dataclass
class GroupLedger(Ledger):
    """The calls of one group, for `use_ledger`.

    Attributes:
        storage: the store.
        name: the file of the group.
        owner: the row for which calls are made.
        shared: the used calls that were made for another row.
    """

    storage: Storage
    name: str
    owner: str
    shared: list[JsonObject] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._calls: dict[str, JsonObject] = {}
        self._is_changed = False
        self._is_written = False
        self._writer: asyncio.Task[None] | None = None
        content = self.storage.read(self.name)
        if content is not None:
            self._calls = _checked(content, self.storage.address(self.name))
            if _as_bytes(self._calls) == content:
                self._is_written = bool(self._calls)

    def get(self, key: str) -> JsonObject | None:
        return self._calls.get(key)

    def put(self, key: str, entry: JsonObject, exchange: Exchange | None = None) -> None:
        """Add a call, and replace the file; its messages are not kept.

        A slow store is written in another thread, and calls that end meanwhile are written
        together.
        """
        is_new = key not in self._calls
        self._calls[key] = redact_data({OWNER_KEY: self.owner, **entry})
        if self.storage.is_local and is_new and self._is_written:
            # The same bytes as those of a whole file: one more member before the last brace.
            member = b", " + _as_bytes({key: self._calls[key]})[1:]
            if self.storage.replace_end(self.name, b"}", member):
                return
        if self.storage.is_quick:
            self.storage.write(self.name, self._content())
            self._is_written = True
            return
        self._is_changed = True
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_changes())

    def _content(self) -> bytes:
        return _as_bytes(self._calls)

    async def _write_changes(self) -> None:
        while self._is_changed:
            self._is_changed = False
            await asyncio.to_thread(self.storage.write, self.name, self._content())

    async def written(self) -> None:
        """Wait until all calls are in the store.

        Raises:
            CopeError: when it cannot be written.
        """
        if self._writer is not None:
            await self._writer

    def restored(self, key: str, exchange: Exchange) -> None:
        entry = self._calls.get(key)
        if entry is not None and entry.get(OWNER_KEY) != self.owner:
            self.shared.append(entry["call"])

    def add_cancelled(self, call: JsonObject) -> None:
        """Do nothing: a cancelled call has no output, and the usage of its row counts it."""

    def close(self) -> None:
        """Do nothing, because the file is whole after every call."""


def _as_bytes(calls: Mapping[str, JsonObject]) -> bytes:
    return json.dumps(calls, ensure_ascii=False).encode("utf-8", "replace")


def _checked(content: bytes, address: str) -> dict[str, JsonObject]:
    """Return the calls in a file.

    Raises:
        CopeError: when they are damaged.
    """
    try:
        calls = _parse(content)
        for entry in calls.values():
            if not isinstance(entry["call"], dict) or not isinstance(entry["outputs"], list):
                raise ValueError("an entry is no call")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CopeError(
            f"{address} holds no calls ({error}): remove it, and run the same command again, which "
            "makes its calls again"
        ) from None
    return calls


def _parse(content: bytes) -> Any:
    """Return the value of a JSON text, also where the last member of the object is not complete.

    Its writer was killed, so that call is made again.

    Raises:
        ValueError: for another text, or one without a whole member.
    """
    try:
        return parse_json(content)
    except ValueError:
        end = content.rfind(b'}, "')
        while end > 0:
            with suppress(ValueError):
                return parse_json(content[: end + 1] + b"}")
            end = content.rfind(b'}, "', 0, end)
        raise
