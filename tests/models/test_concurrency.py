"""How many requests are in flight, across tasks, threads and event loops, also when some give up or vanish."""

import asyncio
import random
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from cope.models.concurrency import PrioritySemaphore, TierScheduler, with_priority


class Gauge:
    """Counts who is inside, and remembers the most."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.most = 0
        self.mixed = False
        self.entered: list[str] = []
        self._lock = threading.Lock()

    async def visit(
        self,
        door: AbstractAsyncContextManager[Any],
        name: str = "",
        ticks: int = 1,
        leave: asyncio.Event | None = None,
    ) -> None:
        """Go in, and stay for some ticks of the event loop, or until it is time to leave."""
        async with door:
            with self._lock:
                self.inside.append(name)
                self.entered.append(name)
                self.most = max(self.most, len(self.inside))
                self.mixed |= len(set(self.inside)) > 1
            try:
                if leave is not None:
                    await leave.wait()
                for _ in range(ticks):
                    await asyncio.sleep(0)
            finally:
                with self._lock:
                    self.inside.remove(name)


def in_threads(work: list[Coroutine[Any, Any, Any]]) -> None:
    """Each coroutine on an event loop and a thread of its own."""
    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(asyncio.run, work))


async def group(coroutines: list[Coroutine[Any, Any, Any]]) -> None:
    await asyncio.gather(*coroutines)


def still_works(limit: PrioritySemaphore) -> bool:
    """Whether all of its places are free again, and no more than these."""
    gauge = Gauge()
    asyncio.run(asyncio.wait_for(group([gauge.visit(limit) for _ in range(4 * limit.size)]), 10))
    return gauge.most == limit.size


def test_fills_the_limit_and_keeps_it():
    gauge, limit = Gauge(), PrioritySemaphore(3)
    asyncio.run(group([gauge.visit(limit) for _ in range(20)]))
    assert gauge.most == 3 and len(gauge.entered) == 20


def test_one_limit_for_several_loops_and_threads():
    gauge, limit = Gauge(), PrioritySemaphore(4)
    full = threading.Barrier(4)

    async def scene() -> None:
        """One visitor of each loop waits inside for those of the others."""
        async with limit:
            full.wait(60)
        await group([gauge.visit(limit) for _ in range(10)])

    in_threads([scene() for _ in range(4)])
    assert gauge.most <= 4 and len(gauge.entered) == 40
    assert still_works(limit)


def test_first_come_first_served():
    gauge, limit = Gauge(), PrioritySemaphore(1)
    asyncio.run(group([gauge.visit(limit, str(number)) for number in range(9)]))
    assert gauge.entered == [str(number) for number in range(9)]


def test_a_lower_rank_goes_before_a_higher_one_that_came_first():
    gauge, limit = Gauge(), PrioritySemaphore(1)

    async def ranked(rank: int, name: str) -> None:
        with with_priority(rank):
            await gauge.visit(limit, name)

    # The first finds the place free; the others wait.
    order = [(9, "first"), (2, "c1"), (1, "b1"), (0, "a1"), (2, "c2"), (0, "a2"), (1, "b2")]
    asyncio.run(group([ranked(rank, name) for rank, name in order]))
    assert gauge.entered == ["first", "a1", "a2", "b1", "b2", "c1", "c2"]
    assert still_works(limit)


def test_an_error_inside_frees_the_place():
    limit = PrioritySemaphore(1)

    async def fail() -> None:
        async with limit:
            raise ValueError

    for _ in range(3):
        with pytest.raises(ValueError):  # noqa: PT011  any
            asyncio.run(fail())
    assert still_works(limit)


def test_a_waiter_that_gives_up_takes_no_place():
    limit = PrioritySemaphore(1)

    async def scene() -> None:
        gauge = Gauge()
        tasks = [asyncio.ensure_future(gauge.visit(limit, str(n), 5)) for n in range(6)]
        await asyncio.sleep(0)
        for task in tasks[1:5]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert gauge.entered == ["0", "5"]

    asyncio.run(scene())
    assert still_works(limit)


def test_a_waiter_that_gives_up_at_its_turn_passes_it_on():
    limit = PrioritySemaphore(1)

    async def scene() -> None:
        gauge = Gauge()
        await limit.__aenter__()
        tasks = [asyncio.ensure_future(gauge.visit(limit, str(n))) for n in range(3)]
        await asyncio.sleep(0)
        await limit.__aexit__()  # the place is task 0's, which has not been told
        tasks[0].cancel()
        await asyncio.wait(tasks, timeout=5)
        assert gauge.entered == ["1", "2"]

    asyncio.run(scene())
    assert still_works(limit)


def test_a_closed_loop_takes_no_place_with_it():
    limit = PrioritySemaphore(1)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(limit.__aenter__())
    waiter = loop.create_task(Gauge().visit(limit))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()  # with the waiter still waiting, as a program that ends badly leaves it
    asyncio.run(limit.__aexit__())
    assert still_works(limit)
    waiter._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("seed", range(4))
def test_random_cancellations_lose_no_place(seed: int):
    limit = PrioritySemaphore(3)

    async def scene(seed: int) -> None:
        chance, gauge = random.Random(seed), Gauge()
        tasks = [
            asyncio.ensure_future(gauge.visit(limit, ticks=chance.randrange(5))) for _ in range(40)
        ]
        while any(not task.done() for task in tasks):
            chance.choice(tasks).cancel()
            for _ in range(chance.choice((1, 1, 5))):
                await asyncio.sleep(0)
        assert gauge.most <= 3

    in_threads([scene(10 * seed + n) for n in range(3)])
    assert still_works(limit)


def test_tiers_take_turns_and_requests_of_one_tier_run_together():
    gauge, turns = Gauge(), TierScheduler(clock=lambda: 0.0)
    names = ["small"] * 6 + ["large"] * 6
    random.Random(0).shuffle(names)
    asyncio.run(group([gauge.visit(turns.turn(name), name) for name in names]))
    assert not gauge.mixed and sorted(gauge.entered) == sorted(names)
    assert gauge.most == 6


def test_turns_across_threads():
    gauge, turns = Gauge(), TierScheduler(time_slice=0.0)
    tier = ("small", "large", "judge")
    in_threads(
        [
            group([gauge.visit(turns.turn(tier[n % 3]), tier[n % 3]) for n in range(12)])
            for _ in range(4)
        ]
    )
    assert not gauge.mixed and len(gauge.entered) == 48


async def tick() -> None:
    """Let every task that can go on go on, also over a few ticks."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("seconds", "order"),
    [(4.0, ["small", "small", "large"]), (6.0, ["small", "large", "small"])],
    ids=["within the time slice", "beyond the time slice"],
)
def test_a_tier_with_work_keeps_its_turn_no_longer_than_its_time_slice(
    seconds: float, order: list[str]
):
    """The small tier always has one more request; the large one asks after its first."""
    now = 0.0
    gauge, turns = Gauge(), TierScheduler(time_slice=5.0, clock=lambda: now)

    async def scene() -> None:
        nonlocal now
        ends = [asyncio.Event() for _ in range(2)]
        tasks = [asyncio.ensure_future(gauge.visit(turns.turn("small"), "small", leave=ends[0]))]
        await tick()
        tasks.append(asyncio.ensure_future(gauge.visit(turns.turn("large"), "large")))
        await tick()
        now += seconds
        tasks.append(
            asyncio.ensure_future(gauge.visit(turns.turn("small"), "small", leave=ends[1]))
        )
        await tick()
        ends[0].set()
        await tick()
        ends[1].set()
        await asyncio.gather(*tasks)

    asyncio.run(scene())
    assert not gauge.mixed
    assert gauge.entered == order


def test_a_tier_keeps_its_turn_within_its_time_slice():
    gauge, turns = Gauge(), TierScheduler(time_slice=60, clock=lambda: 0.0)

    async def scene() -> None:
        end = asyncio.Event()
        first = asyncio.ensure_future(gauge.visit(turns.turn("small"), "small", leave=end))
        await tick()
        large = asyncio.ensure_future(gauge.visit(turns.turn("large"), "large"))
        await tick()
        second = asyncio.ensure_future(gauge.visit(turns.turn("small"), "small"))
        await tick()
        end.set()
        await asyncio.gather(first, large, second)

    asyncio.run(scene())
    assert gauge.entered == ["small", "small", "large"]


@pytest.mark.parametrize("seed", range(4))
def test_turns_survive_random_cancellations(seed: int):
    turns, gauge = TierScheduler(time_slice=0.0), Gauge()

    async def scene(seed: int) -> None:
        chance = random.Random(seed)
        names = [chance.choice(("small", "large")) for _ in range(30)]
        tasks = [
            asyncio.ensure_future(gauge.visit(turns.turn(n), n, chance.randrange(5))) for n in names
        ]
        while any(not task.done() for task in tasks):
            chance.choice(tasks).cancel()
            for _ in range(chance.choice((1, 1, 5))):
                await asyncio.sleep(0)

    in_threads([scene(10 * seed + n) for n in range(3)])
    assert not gauge.mixed
    asyncio.run(
        asyncio.wait_for(group([gauge.visit(turns.turn(n), n) for n in ("large", "small")]), 10)
    )


def test_turns_outlive_a_closed_loop():
    turns = TierScheduler()
    loop = asyncio.new_event_loop()
    held = turns.turn("small")
    loop.run_until_complete(held.__aenter__())
    waiter = loop.create_task(Gauge().visit(turns.turn("large")))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    asyncio.run(held.__aexit__(None, None, None))
    gauge = Gauge()
    asyncio.run(
        asyncio.wait_for(group([gauge.visit(turns.turn(n), n) for n in ("small", "large")]), 10)
    )
    assert sorted(gauge.entered) == ["large", "small"]
    waiter._log_destroy_pending = False  # pyright: ignore[reportAttributeAccessIssue]
