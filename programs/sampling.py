"""Draw the samples of a round concurrently, and stop as soon as the rest cannot matter."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from ..models.concurrency import favors_throughput
from .confidence.base import Confidence, GatedRound, Sample, Tally
from .confidence.early_stopping import EXACT, HEURISTIC_RULES, should_stop


def derive_seed(*parts: object) -> int:
    """Return a seed below 2**31 that depends on all parts and is the same on every machine.

    >>> derive_seed(0, "question", 1) == derive_seed(0, "question", 1)
    True
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def seeded_order(count: int, *parts: object) -> list[int]:
    """Return the indices 0 to count - 1 in an order that the parts seed.

    Samples are requested in this order. The first supporter of the majority in this order forwards
    its plan, which is a uniform draw that is often known before the last sample arrives.

    The rank of an index does not depend on `count`: two indices keep their relative order, so that
    a round with fewer samples often forwards the same plan.

    >>> [index for index in seeded_order(8, "seed") if index < 4] == seeded_order(4, "seed")
    True
    """
    if count == 1:
        return [0]
    generator = random.Random(derive_seed(*parts))
    ranks = []
    for _ in range(count):
        ranks.append(generator.random())
    return sorted(range(count), key=ranks.__getitem__)


def request_priorities(
    order: Sequence[int],
    round_: GatedRound,
    confidence: Confidence,
    early_stop: str,
    forwards_plan: bool,
) -> dict[int, int]:
    """Return the priority of each sample's requests by index; lower numbers come first.

    Where a single sample can decide, busy models answer the first samples of all questions before
    second samples of any. For the best throughput they answer the samples that every round needs
    before those that it may not need, which a decided round never asks for.

    Args:
        order: the samples' indices, in the order in which they are requested.
        round_: the round of the preset.
        confidence: turns samples into an answer.
        early_stop: the rule that stops the round.
        forwards_plan: whether a later round needs the plan behind the majority.
    """
    needed = 1
    if not confidence.single_sample_decides:
        if not favors_throughput():
            return {}
        counts = []
        for agreed in (True, False):
            counts.append(confidence.min_samples(round_, agreed, early_stop, forwards_plan))
        needed = min(counts)
    return {index: max(0, rank - needed + 1) for rank, index in enumerate(order)}


def _ignore(sample: Sample) -> None:
    """Do nothing with a counted sample."""


async def draw_samples(
    order: Sequence[int],
    make: Callable[[int], Coroutine[Any, Any, Sample]],
    tally: Tally,
    *,
    threshold: float | None,
    forwards_plan: bool,
    early_stop: str = EXACT,
    counted: Callable[[Sample], None] = _ignore,
    leaves: Callable[[int], bool] | None = None,
    first: int | None = None,
) -> list[Sample]:
    """Draw the samples of a round.

    Args:
        order: the samples' indices, in the order in which they are requested.
        make: makes one sample; its exception ends the round.
        tally: counts the samples and knows when the rest cannot matter.
        threshold: the round's threshold.
        forwards_plan: whether a later round needs the plan behind the majority.
        early_stop: the rule that stops the round, see `confidence.early_stopping`. A heuristic rule
            receives the samples in their order and not as they finish. So its decision depends
            neither on speed nor on the length of answers.
        counted: called after each sample is counted.
        leaves: returns whether the round is left, from the number of samples counted. Then samples
            are counted in their order too.
        first: how many samples are requested at once; the rest only if these do not decide the
            round. None requests all of them at once.

    Returns:
        The counted samples by index. Samples in progress when the rule stops are cancelled, at the
        engine too. A heuristic rule leaves finished samples uncounted that come later in the order.
    """

    def stops(num_counted: int) -> bool:
        if should_stop(early_stop, tally, threshold, forwards_plan):
            return True
        return leaves is not None and leaves(num_counted)

    in_order = early_stop in HEURISTIC_RULES or leaves is not None
    drawing = _Drawing(tally, counted, stops, in_order)
    try:
        for part in filter(None, (order[:first], [] if first is None else order[first:])):
            await drawing.draw(part, make)
    finally:
        await drawing.cancel()
    return sorted(drawing.finished, key=lambda sample: sample.index)


class _Drawing:
    """The samples of a round while they are drawn.

    Attributes:
        finished: the counted samples.
    """

    def __init__(
        self,
        tally: Tally,
        counted: Callable[[Sample], None],
        stops: Callable[[int], bool],
        in_order: bool,
    ) -> None:
        self._tally, self._counted = tally, counted
        self._stops, self._in_order = stops, in_order
        self._stopped = False
        self._tasks: dict[asyncio.Future[Sample], int] = {}
        self._ready: dict[int, Sample] = {}  # finished and not counted, by rank
        self.finished: list[Sample] = []

    async def draw(
        self, indices: Sequence[int], make: Callable[[int], Coroutine[Any, Any, Sample]]
    ) -> None:
        """Draw more samples, unless the round has stopped, and count them until it stops."""
        if self._stopped:
            return
        loop, waiting = asyncio.get_running_loop(), set[asyncio.Future[Sample]]()
        for index in indices:
            task = loop.create_task(make(index))
            self._tasks[task] = len(self._tasks)
            waiting.add(task)
        while waiting and not self._stopped:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=self._tasks.__getitem__):
                self._ready[self._tasks[task]] = task.result()
            await self._count()

    async def _count(self) -> None:
        for rank in sorted(self._ready):
            if self._in_order and (self._stopped or rank > len(self.finished)):
                break
            sample = self._ready.pop(rank)
            await self._tally.add(sample)
            self.finished.append(sample)
            self._counted(sample)
            if self._in_order:
                self._stopped = self._stops(len(self.finished))
        if not self._in_order:
            self._stopped = self._stops(len(self.finished))

    async def cancel(self) -> None:
        """Cancel the samples in progress."""
        if len(self.finished) == len(self._tasks):
            return
        for task in self._tasks:
            if not task.done():
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
