"""A lease: one worker at a time has it, and it is free when its worker is lost."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cope.models.lease import Clock, Leases
from cope.util.storage import Storage


class FakeTime:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.clock = Clock(lambda: self.time, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


@pytest.fixture(params=["folder", "memory"])
def storage(request: Any, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage(tmp_path)
    return Storage(f"memory://{tmp_path.name}-{os.getpid()}")


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def forget_process(leases: Leases, folder: str) -> None:
    """Make a lease one of another machine, whose processes nobody here can see."""
    (name,) = leases.storage.names(folder)
    claim = json.loads(leases.storage.read(f"{folder}/{name}") or b"")
    leases.storage.write(f"{folder}/{name}", json.dumps(claim | {"host": "other"}).encode())


def test_one_worker_at_a_time_has_a_lease(storage: Storage, time: FakeTime):
    first, second = Leases(storage, 60, time.clock), Leases(storage, 60, time.clock)
    assert first.try_acquire("a") and second.try_acquire("b")
    assert not second.try_acquire("a") and not first.try_acquire("b")
    first.release("a")
    assert second.try_acquire("a") and not first.try_acquire("a")
    assert storage.names("a") == [f"{second.worker}.claim"]


def test_a_lease_that_nobody_renews_is_taken_over(storage: Storage, time: FakeTime):
    lost, other = Leases(storage, 60, time.clock), Leases(storage, 60, time.clock)
    lost.try_acquire("a")
    forget_process(lost, "a")
    time.time += 59
    assert not other.try_acquire("a")
    time.time += 2
    assert other.try_acquire("a")


def test_a_renewed_lease_is_not_taken_over(storage: Storage, time: FakeTime):
    slow, other = Leases(storage, 60, time.clock), Leases(storage, 60, time.clock)
    slow.try_acquire("a")
    for _ in range(5):
        time.time += 40
        slow.renew()
        assert not other.try_acquire("a")


def test_the_lease_of_a_dead_process_of_this_machine_is_free(storage: Storage, time: FakeTime):
    dead, other = Leases(storage, 60, time.clock), Leases(storage, 60, time.clock)
    dead.try_acquire("a")
    name = f"a/{dead.worker}.claim"
    claim = json.loads(storage.read(name) or b"")
    storage.write(name, json.dumps(claim | {"process": 2**22 + 1}).encode())
    assert other.try_acquire("a")


@pytest.mark.parametrize("damage", [b"", b"[]", b"{", b'{"until": "x"}'])
def test_a_damaged_claim_is_none(storage: Storage, time: FakeTime, damage: bytes):
    storage.write("a/x.claim", damage)
    assert Leases(storage, 60, time.clock).try_acquire("a")
