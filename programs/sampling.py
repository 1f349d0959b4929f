"""The one helper that draws samples: all in flight together, stopped as soon as nothing can change any more."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence

from .sample import Sample, Tally


def seed_of(*parts: object) -> int:
    """A seed below 2**31 that depends on all the parts, the same on every machine.

    >>> seed_of(0, "question", 1) == seed_of(0, "question", 1)
    True
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def shuffled(count: int, *parts: object) -> list[int]:
    """The indices 0 to count - 1 in an order seeded by the parts.

    Samples are asked in this order, and the first supporter of the majority in it hands its plan on: a uniform draw that
    is often known before the last sample is in.
    """
    order = list(range(count))
    random.Random(seed_of(*parts)).shuffle(order)
    return order


async def draw(
    order: Sequence[int],
    make: Callable[[int], Awaitable[Sample]],
    tally: Tally,
    *,
    threshold: float | None,
    hands_on: bool,
    full: bool = False,
    counted: Callable[[Sample], None] = lambda sample: None,
) -> list[Sample]:
    """Draw the samples of a round.

    Args:
        order: the samples' indices, in the order in which they are asked.
        make: makes one sample; an exception of it ends the round.
        tally: counts the samples and says when the rest can be left.
        threshold: the round's gate.
        hands_on: whether the plan behind the majority is needed after an escalation.
        full: draw all, whatever the tally says.
        counted: called after each sample is counted.

    Returns:
        The finished samples by index. Those still running when the tally was settled are cancelled, at the engine too.
    """
    tasks = {asyncio.ensure_future(make(index)): rank for rank, index in enumerate(order)}
    waiting = set(tasks)
    finished: list[Sample] = []
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=tasks.__getitem__):
                sample = task.result()
                await tally.add(sample)
                finished.append(sample)
                counted(sample)
            if not full and tally.settled(threshold, hands_on):
                break
    finally:
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return sorted(finished, key=lambda sample: sample.index)
