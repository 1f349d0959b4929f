"""What a call costs that was stopped before its usage was known: between two bounds."""

import asyncio
from typing import Any

import pytest
from dspy.lm15 import Request, Response
from hypothesis import given, strategies as st

from cope import Cascade, Team
from cope.models import Call, Price, ScriptedEngine, metered
from cope.models.cost import CostBounds
from cope.models.lm import report_partial_usage
from cope.models.prompt_tokens import PromptTokens

PRICE = Price(1.0, 10.0)


class Hanging(ScriptedEngine):
    """Answers the first requests, and never the others, as an API that is slow; counts words.

    Args:
        answered: the number of requests that it answers.
        streamed: the tokens that it reports of a stopped request; None reports nothing.
    """

    @property
    def name(self) -> str:
        """The model's name."""
        return "scripted/hanging"

    def __init__(self, answered: int, streamed: int | None = None) -> None:
        super().__init__(lambda messages, request: "Answer: 7")
        self.answered, self.streamed = answered, streamed

    async def agenerate(self, request: Request) -> Response:
        if len(self.requests) >= self.answered:
            try:
                await asyncio.Event().wait()
            finally:
                if self.streamed is not None:
                    report_partial_usage(0, self.streamed)
        return await super().agenerate(request)


def stopped_calls(
    engine: Hanging, prompts: list[str], limit: int | None, price: Price | None = PRICE
) -> list[Call]:
    """Ask the prompts at once, and stop the ones that get no answer."""
    lm = Team(engine, prices={"small": price} if price else {}, cache=False)["small"].lm
    lm.kwargs["max_tokens"] = limit

    async def scene() -> None:
        tasks = [asyncio.ensure_future(lm.acall(prompt)) for prompt in prompts]
        while sum(task.done() for task in tasks) < engine.answered:
            await asyncio.sleep(0)
        for _ in range(20):  # the others reach the engine
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    with metered() as meter:
        asyncio.run(scene())
    return [call for call in meter.calls if call.cancelled]


@pytest.mark.parametrize(
    ("streamed", "limit", "tokens", "cost"),
    [
        (None, 100, (3, 0, 0, 100), CostBounds(3e-6, 1003e-6)),
        (None, None, (3, 0, 0, None), CostBounds(3e-6, None)),
        (5, 100, (3, 0, 5, 0), CostBounds(53e-6, 53e-6)),
    ],
    ids=["API", "no limit", "streamed"],
)
def test_the_prompt_is_that_of_another_call(
    streamed: int | None, limit: int | None, tokens: tuple[Any, ...], cost: CostBounds
):
    (call,) = stopped_calls(Hanging(1, streamed), ["three words here"] * 2, limit)
    known = call.prompt_tokens, call.unreported_prompt
    assert (*known, call.completion_tokens, call.unreported_completion) == tokens
    assert (call.cost.low, call.cost.high) == pytest.approx((cost.low, cost.high))
    assert call.usd == (call.cost.low if streamed else None)


def test_an_unknown_prompt_has_at_most_as_many_tokens_as_bytes():
    (call,) = stopped_calls(Hanging(0), ["three words here"], 100)
    assert call.prompt_tokens == 0 and 16 <= call.unreported_prompt <= 100
    assert call.cost.low == 0 and call.cost.high is not None and call.cost.high > 1000e-6


@pytest.mark.parametrize(
    ("price", "known"), [(None, (0.0, None)), (Price(per_hour=3600), "its time")]
)
def test_without_a_price_by_the_token(price: Price | None, known: Any):
    (call,) = stopped_calls(Hanging(1), ["a b"] * 2, 100, price)
    expected = (call.machine_seconds, call.machine_seconds) if price else known
    assert (call.cost.low, call.cost.high) == expected


def test_what_a_cache_may_hold_is_not_part_of_the_lower_bound():
    assert Price(4.0, 0.0, 1.0).bounds(1_000_000, 0, 0, 0.0, 0, 1).low == 1.0


WORDS = st.lists(st.sampled_from(["a", "of", "the", "naïve", "数", "x=1"]), min_size=1, max_size=12)


@given(st.lists(WORDS, max_size=4), WORDS)
def test_bounds_hold_whatever_is_known_of_other_prompts(known: list[list[str]], words: list[str]):
    book = PromptTokens()
    for one in known:
        book.remember(" ".join(one), len(one))
    low, high = book.bounds(" ".join(words))
    assert low <= len(words) <= high
    assert low == high or words not in known


def test_a_similar_prompt_bounds_another_from_both_sides():
    book = PromptTokens()
    prompt = "Solve the question with care. " * 100
    book.remember(f"{prompt} plan A", 502)
    low, high = book.bounds(f"{prompt} plan B")
    assert 400 < low <= 502 <= high < 600


def test_stopping_early_leaves_the_cost_between_bounds():
    engine = Hanging(5)
    team = Team(engine, prices={"small": PRICE}, cache=False, max_tokens=50)
    prediction = Cascade("self-consistency", team)(question="3 + 4?")
    (row,) = prediction.usage
    low, high = prediction.cost_bounds
    assert row["cancelled"] and prediction.cost is None
    written = row["cancelled"] * 50 * PRICE.output_per_million / 1e6
    assert low > 0 and high == pytest.approx(low + written)
    assert row["usd_high"] == high
