"""The quicker way to request samples is learned from rounds, in virtual time."""

from collections.abc import Callable

import pytest

from cope.models.call import Call
from cope.models.sampling_speed import MARGIN, TRIED, RoundKind, SamplingSpeed, time_call

KIND: RoundKind = ("reason", 8)


class Clock:
    """Time that passes when it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(
    speed: SamplingSpeed,
    clock: Clock,
    seconds: float,
    *,
    samples: int = 8,
    kind: RoundKind = KIND,
    prefers_batch: bool = True,
    cached: int = 0,
    slow_batch: float = 1.0,
) -> bool:
    """Run a round, and return the way that it took."""
    timer = speed.begin(kind, prefers_batch)
    timer.start()
    clock.now += seconds * (slow_batch if timer.is_batch else 1.0)
    for index in range(samples):
        time_call(Call(cache_hit=index < cached))
    timer.stop()
    timer.count(samples)
    return timer.is_batch


@pytest.mark.parametrize(
    ("slow_batch", "prefers_batch", "chosen"),
    [
        (3.0, True, False),
        (0.3, True, True),
        (0.3, False, True),
        (3.0, False, False),
        (1.0, True, True),
        (1.0, False, False),
        (1 + MARGIN / 2, True, True),  # so small a difference is none
        (1 - MARGIN / 2, False, False),
        (1.2, True, False),
    ],
)
def test_each_way_is_tried_and_the_quicker_one_kept(
    slow_batch: float, prefers_batch: bool, chosen: bool
):
    clock = Clock()
    speed = SamplingSpeed(clock)
    ways = [
        run(speed, clock, 4.0, slow_batch=slow_batch, prefers_batch=prefers_batch)
        for _ in range(4 * TRIED)
    ]
    assert ways[: 2 * TRIED] == [prefers_batch] * TRIED + [not prefers_batch] * TRIED
    assert ways[2 * TRIED :] == [chosen] * (2 * TRIED)


def test_seconds_count_for_each_sample_that_a_round_used():
    clock = Clock()
    speed = SamplingSpeed(clock)
    for used in (4, 4, 4, 8, 8, 8):  # in the same time
        run(speed, clock, 4.0, samples=used)
    assert run(speed, clock, 4.0) is False


def test_one_slow_round_changes_nothing_and_a_lasting_change_does():
    clock = Clock()
    speed = SamplingSpeed(clock)
    for _ in range(2 * TRIED):
        run(speed, clock, 4.0, slow_batch=0.5)
    run(speed, clock, 400.0)
    assert run(speed, clock, 4.0, slow_batch=0.5)
    later = [run(speed, clock, 4.0, slow_batch=3.0) for _ in range(50)]
    assert later[0] and not later[-1] and sorted(later, reverse=True) == later


@pytest.mark.parametrize(
    "wrong", [lambda timer: timer.count(0), lambda timer: timer.count(8), lambda timer: None]
)
def test_rounds_without_answers_or_that_failed_tell_nothing(wrong: Callable[..., None]):
    clock = Clock()
    speed = SamplingSpeed(clock)
    for _ in range(TRIED):
        run(speed, clock, 4.0)
    for _ in range(TRIED):
        timer = speed.begin(KIND, prefers_batch=True)
        timer.start()
        timer.stop()
        wrong(timer)  # it took no time, and no call was made
    assert run(speed, clock, 4.0)


@pytest.mark.parametrize("cached", [1, 8])
def test_rounds_with_replies_of_a_cache_tell_nothing(cached: int):
    clock = Clock()
    speed = SamplingSpeed(clock)
    for _ in range(TRIED):
        run(speed, clock, 4.0)
    for _ in range(TRIED):
        run(speed, clock, 0.0, cached=cached)
    assert run(speed, clock, 4.0)


def test_rounds_in_flight_together_try_both_ways_as_often_as_rounds_in_turn():
    clock = Clock()
    speed = SamplingSpeed(clock)
    timers = [speed.begin(KIND, prefers_batch=True) for _ in range(16)]
    ways = [timer.is_batch for timer in timers]
    assert ways == [True] * TRIED + [False] * TRIED + [True] * (16 - 2 * TRIED)


def test_kinds_of_rounds_are_told_apart():
    clock = Clock()
    speed = SamplingSpeed(clock)
    for _ in range(2 * TRIED):
        run(speed, clock, 4.0, slow_batch=3.0)
        run(speed, clock, 4.0, slow_batch=0.3, kind=("plan", 8))
    assert not run(speed, clock, 4.0) and run(speed, clock, 4.0, kind=("plan", 8))
    assert run(speed, clock, 4.0, kind=("reason", 4))
