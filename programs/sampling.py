"""Draw the samples of a round concurrently, and stop as soon as the rest cannot matter."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence

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
    make: Callable[[int], Awaitable[Sample]],
    tally: Tally,
    *,
    threshold: float | None,
    forwards_plan: bool,
    early_stop: str = EXACT,
    counted: Callable[[Sample], None] = _ignore,
    leaves: Callable[[int], bool] | None = None,
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

    Returns:
        The counted samples by index. Samples in progress when the rule stops are cancelled, at the
        engine too. A heuristic rule leaves finished samples uncounted that come later in the order.
    """
    tasks = {asyncio.ensure_future(make(index)): rank for rank, index in enumerate(order)}
    waiting = set(tasks)
    finished: list[Sample] = []
    ready: dict[int, Sample] = {}  # finished and not counted, by rank
    in_order = early_stop in HEURISTIC_RULES or leaves is not None
    stopped = False
    try:
        while waiting and not stopped:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=tasks.__getitem__):
                ready[tasks[task]] = task.result()
            for rank in sorted(ready):
                if in_order and (stopped or rank > len(finished)):
                    break
                sample = ready.pop(rank)
                await tally.add(sample)
                finished.append(sample)
                counted(sample)
                if in_order:
                    stopped = should_stop(early_stop, tally, threshold, forwards_plan)
                if leaves is not None and not stopped:
                    stopped = leaves(len(finished))
            if not in_order:
                stopped = should_stop(early_stop, tally, threshold, forwards_plan)
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return sorted(finished, key=lambda sample: sample.index)
