"""The cheaper of both ways to request samples follows from prices, the lengths of prompts and replies, and the cache."""

import pytest

from cope.models import Call, Price
from cope.models.sampling_cost import MeanCall, round_costs

LONG_PROMPT = MeanCall(calls=10, requests=10, prompt=20_000, completion=1_000)
LONG_REPLY = MeanCall(calls=10, requests=10, prompt=500, completion=20_000)
CACHED = MeanCall(calls=10, requests=10, prompt=20_000, cached=19_000, completion=20_000)
TOKENS, CHEAP_CACHE = Price(1.0, 4.0), Price(1.0, 4.0, 0.1)


@pytest.mark.parametrize(
    ("mean", "price", "first", "one_by_one", "batch"),
    [
        (LONG_PROMPT, TOKENS, 6, False, True),
        (LONG_PROMPT, TOKENS, 6, True, True),
        (LONG_REPLY, TOKENS, 6, False, True),
        (LONG_REPLY, TOKENS, 6, True, False),
        (LONG_REPLY, TOKENS, 8, True, True),
        (LONG_REPLY, None, 6, True, False),
        (LONG_PROMPT, None, 1, True, True),
        (LONG_PROMPT, Price(per_hour=2.0), 6, False, True),
        (CACHED, CHEAP_CACHE, 6, True, False),
        (CACHED, TOKENS, 6, True, True),
        (MeanCall(), TOKENS, 6, False, True),
    ],
)
def test_the_cheaper_way(
    mean: MeanCall, price: Price | None, first: int, one_by_one: bool, batch: bool
):
    assert round_costs(mean, price, 8, first, one_by_one).batch_is_cheaper is batch


def test_rounds_that_are_seldom_decided_by_their_first_part_are_requested_one_by_one():
    often = MeanCall(10, 10, 2_000, 0, 3_000, rounds=98, settled=98)
    seldom = MeanCall(10, 10, 2_000, 0, 3_000, rounds=98, settled=0)
    costs = [round_costs(mean, TOKENS, 8, 2, True) for mean in (often, seldom)]
    assert [cost.batch_is_cheaper for cost in costs] == [True, False]


@pytest.mark.parametrize(
    ("price", "prompt", "decide"),
    [
        (TOKENS, 2_000, True),
        (TOKENS, 1, False),  # a prompt that costs nothing beside its replies
        (Price(0.0, 4.0), 2_000, False),
        (Price(1.0, 0.0), 1, True),
        (Price(0.0, 0.0), 2_000, False),
        (Price(per_hour=2.0), 2_000, False),
        (None, 2_000, False),
    ],
)
def test_costs_decide_where_they_are_known_and_differ(
    price: Price | None, prompt: int, decide: bool
):
    mean = MeanCall(calls=1, requests=1, prompt=prompt, completion=500)
    assert round_costs(mean, price, 8, 8, one_by_one=False).decide is decide


def test_means_leave_out_calls_whose_tokens_are_not_known():
    mean = MeanCall()
    mean.add(Call(prompt_tokens=100, completion_tokens=10, cached_tokens=40))
    mean.add(Call(prompt_tokens=0, completion_tokens=20, prompt_shared=True))
    mean.add(Call(prompt_tokens=None, completion_tokens=20))
    assert mean == MeanCall(calls=2, requests=1, prompt=100, cached=40, completion=30)
