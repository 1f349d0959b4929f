"""Prices as users write them, and what a call costs by them."""

import pytest

from cope.errors import CopeError
from cope.models import Price


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("0.15/0.60", Price(0.15, 0.60)),
        (" 3/15 ", Price(3, 15)),
        ("$2.50/$10", Price(2.5, 10)),
        ("1/0.1/4", Price(1, 4, cached_per_million=0.1)),
        ("0/0", Price(0, 0)),
        ("1e-2/2e-2", Price(0.01, 0.02)),
        ("0.40/h", Price(per_hour=0.40)),
        ("$2/hour", Price(per_hour=2)),
    ],
)
def test_reads_what_users_write(text: str, price: Price):
    assert Price.parse(text) == price


@pytest.mark.parametrize(
    "text", ["", "free", "1", "1/2/3/4", "-1/2", "1/-2", "0,15/0,60", "1 / 2", "h", "/h", "1/d"]
)
def test_says_how_to_write_it(text: str):
    with pytest.raises(CopeError, match=r"IN/OUT.*USD/h") as caught:
        Price.parse(text)
    assert "\n" not in str(caught.value) and repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("price", "usd"),
    [
        (Price(), 0.0),
        (Price(input_per_million=2), 1000 * 2 / 1e6),
        (Price(output_per_million=8), 500 * 8 / 1e6),
        (Price(2, 8), (1000 * 2 + 500 * 8) / 1e6),
        (Price(2, 8, cached_per_million=0.5), (600 * 2 + 400 * 0.5 + 500 * 8) / 1e6),
        (Price(2, 8, cached_per_million=0), (600 * 2 + 500 * 8) / 1e6),
        (Price(per_hour=0.9), 0.9 * 20 / 3600),
        (Price(2, 8, per_hour=0.9), (1000 * 2 + 500 * 8) / 1e6 + 0.9 * 20 / 3600),
    ],
)
def test_the_cost_of_a_call(price: Price, usd: float):
    assert price.cost(prompt=1000, completion=500, cached=400, machine_seconds=20) == pytest.approx(
        usd
    )


@pytest.mark.parametrize(
    ("price", "by_token"),
    [
        (Price(per_hour=1), False),
        (Price(), False),
        (Price(1, 0), True),
        (Price(0, 0, 1), True),
        (Price(0, 1), True),
    ],
)
def test_whether_tokens_must_be_known(price: Price, by_token: bool):
    assert price.is_per_token is by_token
