"""The one helper that draws samples: all in flight together, stopped as soon as nothing can change any more."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence

from .confidence.base import Sample, Tally
from .confidence.early_stopping import EXACT, HEURISTIC_RULES, should_stop


def derive_seed(*parts: object) -> int:
    """A seed below 2**31 that depends on all the parts, the same on every machine.

    >>> derive_seed(0, "question", 1) == derive_seed(0, "question", 1)
    True
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def seeded_order(count: int, *parts: object) -> list[int]:
    """The indices 0 to count - 1 in an order seeded by the parts.

    Samples are asked in this order, and the first supporter of the majority in it hands its plan on: a uniform draw that
    is often known before the last sample is in. Each index has a rank of its own, whatever the count: two indices stand
    in the same order among few samples as among many, so that fewer samples often hand the same plan on.

    >>> [index for index in shuffled(8, "seed") if index < 4] == shuffled(4, "seed")
    True
    """
    ranks = random.Random(derive_seed(*parts))
    rank = [
        ranks.random() for _ in range(count)
    ]  # the draw at place i hangs on i, and not on how many follow
    return sorted(range(count), key=rank.__getitem__)


async def draw_samples(
    order: Sequence[int],
    make: Callable[[int], Awaitable[Sample]],
    tally: Tally,
    *,
    threshold: float | None,
    forwards_plan: bool,
    early_stop: str = EXACT,
    counted: Callable[[Sample], None] = lambda sample: None,
) -> list[Sample]:
    """Draw the samples of a round.

    Args:
        order: the samples' indices, in the order in which they are asked.
        make: makes one sample; an exception of it ends the round.
        tally: counts the samples and says when the rest can be left.
        threshold: the round's gate.
        forwards_plan: whether the plan behind the majority is needed after an escalation.
        early_stop: the rule by which the rest is left, see `early_stop`. An inexact one sees the samples in their order and
            not as they are finished: what it decides then does not hang on who is faster, nor leans to short answers.
        counted: called after each sample is counted.

    Returns:
        The counted samples by index. Those still running when the rule said stop are cancelled, at the engine too; of
        those that are finished an inexact rule leaves the ones uncounted that come later in the order.
    """
    tasks = {asyncio.ensure_future(make(index)): rank for rank, index in enumerate(order)}
    waiting = set(tasks)
    finished: list[Sample] = []
    ready: dict[int, Sample] = {}  # finished and not counted, by rank
    one_by_one = early_stop in HEURISTIC_RULES
    stopped = False
    try:
        while waiting and not stopped:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            ready |= {tasks[task]: task.result() for task in sorted(done, key=tasks.__getitem__)}
            for rank in sorted(ready):
                if one_by_one and (stopped or rank > len(finished)):
                    break
                sample = ready.pop(rank)
                await tally.add(sample)
                finished.append(sample)
                counted(sample)
                stopped = one_by_one and should_stop(early_stop, tally, threshold, forwards_plan)
            stopped = stopped or (
                not one_by_one and should_stop(early_stop, tally, threshold, forwards_plan)
            )
    finally:
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return sorted(finished, key=lambda sample: sample.index)
