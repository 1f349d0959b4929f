"""Calls that several workers share: each is made once, also when a worker is lost."""

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.table_runs import PRICE

from cope import CopeError, Team
from cope.models import ScriptedEngine, use_ledger
from cope.models.call_store import CallGroup, CallStore
from cope.models.lease import Clock, Leases
from cope.util.storage import Storage

GROUP = CallGroup("q", "p", 1)


@pytest.fixture(params=["folder", "memory"])
def storage(request: Any, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return Storage(tmp_path)
    return Storage(f"memory://{tmp_path.name}-{os.getpid()}")


def test_a_waiting_worker_finds_the_calls_of_the_other_one(storage: Storage):
    still = Clock(lambda: 1000.0, lambda seconds: asyncio.sleep(0.0002))
    engine = ScriptedEngine(lambda messages, request: "4", delay=0.001)
    team = Team(engine, cache=False, prices={"small": PRICE})
    stores = [CallStore(storage, 60, still) for _ in range(3)]

    async def work(store: CallStore, owner: str) -> tuple[Any, int]:
        async with store.working(), store.group(GROUP, owner) as ledger:
            with use_ledger(ledger):
                outputs = await team["small"].lm.acall("2+2?", temperature=0.5, rollout_id=3)
            return outputs, len(ledger.shared)

    async def both() -> list[tuple[Any, int]]:
        return await asyncio.gather(*(work(store, f"run:{n}") for n, store in enumerate(stores)))

    with dspy.context(disable_history=True):
        results = asyncio.run(both())
    assert len(engine.requests) == 1
    assert {str(outputs) for outputs, _ in results} == {"['4']"}
    assert sorted(shared for _, shared in results) == [0, 1, 1]
    assert len(list(stores[0].calls_of("run"))) == 1 and not list(stores[0].calls_of("ru"))
    stores[0].forget(GROUP)
    assert not list(stores[0].calls_of("run"))


@pytest.mark.parametrize("is_alive", [False, True])
def test_a_worker_that_is_alone_writes_no_claims(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, is_alive: bool
):
    """A worker of a killed job may be alive for some seconds: then the claims stay."""
    other = Leases(storage, 60 if is_alive else -1)
    other.try_acquire(CallGroup("other", "p", 1).folder)
    writes: list[str] = []
    write = storage.write
    monkeypatch.setattr(
        storage, "write", lambda name, data: (writes.append(name), write(name, data))
    )
    store = CallStore(storage)
    store.work_alone()

    async def work() -> None:
        async with store.working(), store.group(GROUP, "run:1") as ledger:
            ledger.put("a", {"call": {}, "outputs": []})

    asyncio.run(work())
    assert any(name.endswith(".claim") for name in writes) == is_alive
    assert storage.names(GROUP.folder) == ["calls.json"]


def test_equal_rows_of_one_worker_go_one_by_one(storage: Storage):
    """A row that comes when another one leaves must not pass those that wait."""
    store, inside, most = CallStore(storage), 0, 0

    async def row(rows: int) -> None:
        nonlocal inside, most
        async with store.group(GROUP, "run:1"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
        if rows:
            await row(rows - 1)

    async def work() -> None:
        await asyncio.gather(*[row(4) for _ in range(5)])

    asyncio.run(work())
    assert most == 1
    assert not store._locks and not store._users


@pytest.mark.parametrize(
    "damage", [b"[]", b"{", b'{"a": {}}', b'{"a": {"call": 1, "outputs": []}}']
)
def test_a_damaged_file_of_calls_is_one_line(storage: Storage, damage: bytes):
    storage.write(f"{GROUP.folder}/calls.json", damage)

    async def open_it() -> None:
        async with CallStore(storage).group(GROUP, "run:1"):
            pass

    with pytest.raises(CopeError, match="holds no calls .*: remove it"):
        asyncio.run(open_it())


def test_a_file_is_replaced_whole_or_not_at_all(storage: Storage, monkeypatch: pytest.MonkeyPatch):
    storage.write("a/b", b"old")

    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(type(storage._fs), "pipe_file", full)
    with pytest.raises(CopeError, match="cannot write .*No space left on device; make room"):
        storage.write("a/b", b"new")
    monkeypatch.undo()
    assert storage.read("a/b") == b"old" and storage.names("a") == ["b"]
    storage.remove("a")
    storage.remove("a")
    assert storage.names() == [] and storage.read("a/b") is None


def test_a_call_is_added_to_a_file_as_if_it_was_written_whole(storage: Storage):
    entries = {f"k{n}": {"call": {"model": "ä"}, "outputs": [f'}}, "{n}']} for n in range(4)}

    async def put(names: list[str]) -> None:
        async with CallStore(storage).group(GROUP, "run:1") as ledger:
            for name in names:
                ledger.put(name, entries[name])

    asyncio.run(put(["k0", "k1"]))
    asyncio.run(put(["k2", "k3", "k3"]))
    content = storage.read(f"{GROUP.folder}/calls.json") or b""
    whole = {name: {"owner": "run:1", **entry} for name, entry in entries.items()}
    assert content == json.dumps(whole, ensure_ascii=False).encode()


@pytest.mark.parametrize("lost", [1, 9, 40, 52])
def test_a_call_that_a_killed_process_did_not_write_to_its_end_is_made_again(
    storage: Storage, lost: int
):
    """The last one of 60 bytes lacks `lost` of them; the file is as before once it is made."""
    name = f"{GROUP.folder}/calls.json"
    entry = {"call": {"model": "m", "usage": {}}, "outputs": ['}, "x": 1']}
    found: list[str] = []

    async def put(count: int) -> None:
        async with CallStore(storage).group(GROUP, "run:1") as ledger:
            found[:] = [key for key in ("a", "b", "c") if ledger.get(key)]
            for key in ("a", "b", "c")[:count]:
                ledger.put(key, entry)

    asyncio.run(put(3))
    whole = storage.read(name) or b""
    storage.write(name, whole[:-lost])
    asyncio.run(put(0))
    assert found == ["a", "b"]
    asyncio.run(put(3))
    assert storage.read(name) == whole


def test_a_full_disk_keeps_the_end_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    storage = Storage(tmp_path)
    assert not storage.replace_end("a", b"d", b"new")
    storage.write("a", b"old")
    write = os.write

    def half(file: int, data: bytes) -> int:
        """Take two bytes and then no more, but take back one byte."""
        if len(data) > 2:
            return write(file, data[:2])
        if data == b"d":
            return write(file, data)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(CopeError, match="cannot write .*No space left on device; make room"):
        storage.replace_end("a", b"d", b"newer"[:4])
    monkeypatch.undo()
    assert storage.read("a") == b"old"
    assert storage.replace_end("a", b"d", b"der") and storage.read("a") == b"older"


def test_an_address_that_nothing_opens_is_one_line():
    with pytest.raises(CopeError, match="cannot open the folder nothing://x: .*"):
        Storage("nothing://x")


def test_a_slow_store_holds_up_no_call_and_has_them_all_at_the_end(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
):
    writes, threads = [], set()
    write = storage.write

    def slow(name: str, data: bytes) -> None:
        threads.add(threading.get_ident())
        if name.endswith("calls.json"):
            writes.append(len(json.loads(data)))
        write(name, data)

    monkeypatch.setattr(storage, "write", slow)
    storage.is_quick = False
    engine = ScriptedEngine(lambda messages, request: "4")
    team = Team(engine, cache=False)
    store = CallStore(storage)

    async def work() -> None:
        async with store.group(GROUP, "run:1") as ledger:
            with use_ledger(ledger):
                calls = [
                    team["small"].lm.acall("2+2?", temperature=0.5, rollout_id=n) for n in range(8)
                ]
                await asyncio.gather(*calls)

    with dspy.context(disable_history=True):
        asyncio.run(work())
    assert threading.get_ident() not in threads
    assert writes[-1] == 8 == len(list(store.calls_of("run")))
    assert writes == sorted(writes)


def test_a_slow_store_that_fails_ends_the_row(storage: Storage, monkeypatch: pytest.MonkeyPatch):
    write = storage.write

    def failing(name: str, data: bytes) -> None:
        if name.endswith("calls.json"):
            raise CopeError("cannot write it")
        write(name, data)

    monkeypatch.setattr(storage, "write", failing)
    storage.is_quick = False

    async def work() -> None:
        async with CallStore(storage).group(GROUP, "run:1") as ledger:
            ledger.put("k", {"call": {}, "outputs": []})

    with pytest.raises(CopeError, match="cannot write it"):
        asyncio.run(work())
    assert storage.names(GROUP.folder) == []
