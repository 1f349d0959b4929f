"""Leases: who works on what, where several workers share a folder and no other means.

A worker writes a claim of its own and then lists all claims. It has the lease when no other claim
is valid. So two workers never both have it, on any store on which a written file is listed at
once: of two claims the later one sees the earlier one. Both may see each other; then both withdraw
and try again after pauses of different lengths.
"""

import asyncio
import json
import os
import random
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import psutil

from ..util.json_text import parse_json
from ..util.storage import Storage

LEASE_SECONDS = 60.0
"""How long a claim is valid unless it is renewed."""

_CLAIM = ".claim"


@dataclass(frozen=True)
class Clock:
    """The time, and the way to wait for it; a test has its own.

    Attributes:
        now: returns seconds since 1970.
        sleep: waits so many seconds.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


def _worker_name() -> str:
    return uuid.uuid4().hex[:12]


@dataclass
class Leases:
    """The leases of one worker in a folder.

    Attributes:
        storage: the folder.
        seconds: how long a claim is valid unless it is renewed.
        clock: the time.
        worker: the name of the worker, which no other one has.
        held: when each claim that this worker holds becomes invalid.
        is_alone: whether there is no other worker, so that no claims are needed.
    """

    storage: Storage
    seconds: float = LEASE_SECONDS
    clock: Clock = field(default_factory=Clock)
    worker: str = field(default_factory=_worker_name)
    held: dict[str, float] = field(default_factory=dict)
    is_alone: bool = False

    async def acquire(self, folder: str) -> None:
        """Wait until this worker has the lease of a folder."""
        pauses = random.Random(f"{self.worker} {folder}")
        pause = 0.05
        while not await self.storage.run(self.try_acquire, folder):
            await self.clock.sleep(pause * pauses.uniform(0.5, 1.5))
            pause = min(pause * 2, self.seconds / 4)

    def try_acquire(self, folder: str) -> bool:
        """Take the lease of a folder unless another worker has it; return whether it was taken."""
        if self.is_alone:
            return True
        self._write(folder)
        if self.others(folder):
            self.release(folder)
            return False
        return True

    def release(self, folder: str) -> None:
        """Give the lease of a folder back."""
        if self.held.pop(folder, None) is not None:
            self.storage.remove(self._claim(folder))

    def renew(self) -> None:
        """Renew the claims that are valid for less than half of their time."""
        soon = self.clock.now() + self.seconds / 2
        for folder, until in list(self.held.items()):
            if until < soon:
                self._write(folder)

    async def keep(self) -> None:
        """Renew all claims, for as long as it runs."""
        while True:
            await self.clock.sleep(self.seconds / 4)
            await self.storage.run(self.renew)

    def _claim(self, folder: str) -> str:
        return f"{folder}/{self.worker}{_CLAIM}"

    def _write(self, folder: str) -> None:
        until = self.clock.now() + self.seconds
        claim = {"until": until, "host": socket.gethostname(), "process": os.getpid()}
        self.storage.write(self._claim(folder), json.dumps(claim).encode())
        self.held[folder] = until

    def others(self, folder: str) -> bool:
        """Return whether another worker has a valid claim, and remove the invalid ones."""
        own = f"{self.worker}{_CLAIM}"
        found = False
        for name in self.storage.names(folder):
            if not name.endswith(_CLAIM) or name == own:
                continue
            if self._is_valid(self.storage.read(f"{folder}/{name}")):
                found = True
            else:
                self.storage.remove(f"{folder}/{name}")
        return found

    def _is_valid(self, claim: bytes | None) -> bool:
        """Return whether a claim holds: not too old, and not of a dead process of this machine."""
        if claim is None:  # it was given back meanwhile
            return False
        try:
            content = parse_json(claim)
            until, host, process = content["until"], content["host"], int(content["process"])
        except (ValueError, KeyError, TypeError):
            return False
        if host == socket.gethostname() and not psutil.pid_exists(process):
            return False
        return float(until) > self.clock.now()
