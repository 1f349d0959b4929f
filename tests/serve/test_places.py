"""Places say when the number of running or waiting requests changes."""

import asyncio

import pytest

from cope.serve.errors import ApiError
from cope.serve.places import Places


def test_every_change_is_told_and_nothing_is_left_at_the_end() -> None:
    seen: list[tuple[int, int]] = []

    async def run() -> Places:
        places = Places(2, 2)
        places.on_change = lambda: seen.append((places.running, places.waiting))
        await places.take()
        await places.take()
        waiting = [asyncio.create_task(places.take()) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ApiError, match="wait already"):
            await places.take()
        assert seen[-1] == (2, 2)
        waiting[0].cancel()
        await asyncio.gather(waiting[0], return_exceptions=True)
        assert seen[-1] == (2, 1)
        places.give_back()
        await waiting[1]
        assert seen[-1] == (2, 0)
        for _ in range(2):
            places.give_back()
        return places

    places = asyncio.run(run())
    assert seen[-1] == (places.running, places.waiting) == (0, 0)
    assert all(running <= 2 and waiting <= 2 for running, waiting in seen)
    assert places.is_free
