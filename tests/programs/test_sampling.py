"""Sampling stops early and never decides anything else than with all samples; what is not needed is cancelled."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, strategies as st

from cope.answers.short.equivalence import equal_by_normal_form
from cope.programs import Sample, VoteShare, accepts
from cope.programs.cascade_round import forwarded_plan
from cope.programs.sampling import derive_seed, draw_samples, seeded_order


class Round:
    """A round whose samples come in at given ticks of the event loop, and the outcome of drawing them."""

    def __init__(self, answers: list[str | None], ticks: list[int], planned: list[bool]) -> None:
        self.answers, self.ticks, self.planned = answers, ticks, planned
        self.asked: list[int] = []
        self.cancelled = 0

    async def make(self, index: int) -> Sample:
        self.asked.append(index)
        try:
            for _ in range(self.ticks[index]):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Sample(
            index, plan=f"plan {index}" if self.planned[index] else None, answer=self.answers[index]
        )

    async def decide(
        self, order: list[int], threshold: float | None, forwards_plan: bool, rule: str
    ):
        """What the round decides: accepted, the answer, the plan handed on; and how many samples it took."""
        tally = VoteShare().tally(order)
        samples = await draw_samples(
            order,
            self.make,
            tally,
            threshold=threshold,
            forwards_plan=forwards_plan,
            early_stop=rule,
        )
        verdict = tally.verdict()
        accepted = accepts(verdict, threshold)
        forwarded = forwards_plan and not accepted
        plan = forwarded_plan(verdict, samples, order) if forwarded else None
        return accepted, verdict.answer if accepted else None, plan, len(samples)


ANSWERS = st.sampled_from([None, "3", "3", "4", "5", "0.5", "1/2"])
THRESHOLDS = st.one_of(
    st.none(), st.sampled_from([0.1, 0.3, 0.5, 2 / 3, 0.75, 0.9, 1.0]), st.floats(0.01, 1.0)
)


@st.composite
def rounds(draw_: st.DrawFn) -> tuple[Round, list[int]]:
    size = draw_(st.integers(1, 12))
    lists = st.lists
    answers = draw_(lists(ANSWERS, min_size=size, max_size=size))
    ticks = draw_(
        st.one_of(
            st.permutations(range(size)), lists(st.integers(0, 4), min_size=size, max_size=size)
        )
    )
    planned = draw_(lists(st.sampled_from([True, True, True, False]), min_size=size, max_size=size))
    return Round(answers, list(ticks), planned), list(draw_(st.permutations(range(size))))


@given(rounds(), THRESHOLDS, st.booleans())
def test_stopping_early_decides_as_all_samples_do(
    made: tuple[Round, list[int]], threshold: float | None, forwards_plan: bool
):
    scene, order = made

    async def both():
        early = await scene.decide(order, threshold, forwards_plan, rule="exact")
        return early, await scene.decide(order, threshold, forwards_plan, rule="none")

    early, full = asyncio.run(both())
    assert full[3] == len(order) and early[3] + scene.cancelled == len(order)
    assert early[0] is full[0]
    assert early[1] == full[1] or equal_by_normal_form(str(early[1]), str(full[1]))
    assert early[2] == full[2]


@pytest.mark.parametrize(
    ("answers", "threshold", "forwards_plan", "needed"),
    [
        (["3"] * 8, 0.75, True, 6),
        (["3"] * 8, 0.5, True, 4),
        (["3"] * 12, 0.5, False, 6),
        (["3"] * 12, 0.01, False, 6),
        (["3"] * 8, None, False, 4),
        (["3"] * 8, 1.0, True, 8),
        (["3", "4", "5", "6", "7", "8", "9", "10"], 0.75, False, 4),
        (["3", "4", "5", "6", "7", "8", "9", "10"], 0.75, True, 8),
        ([None] * 8, 0.75, False, 3),
        (["3", "3", "3", "4", None, None, None, None], 0.75, True, 6),
    ],
)
def test_samples_saved(
    answers: list[str | None], threshold: float | None, forwards_plan: bool, needed: int
):
    """One sample comes in at a time, in order."""
    count = len(answers)
    scene = Round(answers, [3 * index for index in range(count)], [True] * count)
    *_, asked = asyncio.run(
        scene.decide(list(range(count)), threshold, forwards_plan, rule="exact")
    )
    assert (asked, scene.cancelled) == (needed, count - needed)


def drawn(order: list[int], make: Callable[[int], Awaitable[Sample]], **kwargs) -> list[Sample]:
    options = {"threshold": 1.0, "forwards_plan": False, **kwargs}
    return asyncio.run(draw_samples(order, make, VoteShare().tally(order), **options))


def test_samples_are_asked_in_the_seeded_order_and_given_by_index():
    scene = Round(["3"] * 5, [4, 3, 2, 1, 0], [True] * 5)
    samples = drawn([3, 1, 4, 0, 2], scene.make)
    assert scene.asked == [3, 1, 4, 0, 2] and [sample.index for sample in samples] == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_counted_is_called_for_each_sample_that_came_in():
    counted: list[int] = []
    scene = Round(["3"] * 4, [0, 4, 8, 12], [True] * 4)
    drawn(
        [0, 1, 2, 3], scene.make, threshold=0.5, counted=lambda sample: counted.append(sample.index)
    )
    assert counted == [0, 1]


def test_a_failure_ends_the_round_and_cancels_the_others():
    cancelled: list[int] = []

    async def make(index: int) -> Sample:
        try:
            await asyncio.sleep(0 if index == 2 else 60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # winding up takes a moment, and is waited for
            cancelled.append(index)
            raise
        raise ValueError("the model failed")

    with pytest.raises(ValueError, match="the model failed"):
        drawn([0, 1, 2, 3], make)
    assert sorted(cancelled) == [0, 1, 3]


def test_a_round_that_is_cancelled_cancels_its_samples():
    started: list[int] = []
    cancelled: list[int] = []

    async def make(index: int) -> Sample:
        started.append(index)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(index)
            raise
        raise AssertionError

    async def scene() -> None:
        task = asyncio.ensure_future(
            draw_samples(
                [0, 1, 2], make, VoteShare().tally([0, 1, 2]), threshold=None, forwards_plan=False
            )
        )
        while len(started) < 3:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert cancelled == [0, 1, 2]


def test_seeds_are_the_same_on_every_machine():
    assert derive_seed(0, "What is 6 times 7?", 1) == 755486330
    assert seeded_order(8, 0, "What is 6 times 7?", 1) == [7, 5, 4, 1, 2, 6, 3, 0]
    assert len({derive_seed(0, "q", n) for n in range(1000)}) == 1000
    assert derive_seed(1, 23) != derive_seed(12, 3)
    assert all(0 <= derive_seed(n) < 2**31 for n in range(1000))


def test_the_first_in_order_is_drawn_uniformly():
    firsts = Counter(seeded_order(4, seed, "q", 1)[0] for seed in range(2000))
    assert sorted(firsts) == [0, 1, 2, 3] and all(420 < count < 580 for count in firsts.values())


def test_fewer_samples_keep_their_order():
    for seed in range(50):
        whole = seeded_order(16, seed, "q", 1)
        for count in range(17):
            assert seeded_order(count, seed, "q", 1) == [index for index in whole if index < count]
