"""What a compile is said to take, and what it takes."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.compile_world import World, compiled, fickle, rows
from support.sweeps import mostly_slow, sweep

from cope.models import Price, Usage
from cope.optimize import Budget
from cope.optimize.compiler.estimate import (
    completion_share,
    estimate_cost,
    estimate_validation,
    usage_per_question,
)


@sweep(
    ("optimizer", "preset", "calls"),
    [
        ("labeled-few-shot", "small", None),
        pytest.param("bootstrap-random-search", "small", None, marks=pytest.mark.slow),
        pytest.param("copro", "small", 120, marks=pytest.mark.slow),
        ("gepa", "small", 100),
        ("infer-rules", "small", None),
    ],
    every=3,
)
def test_the_range_holds_what_is_then_used(
    optimizer: str, preset: str, calls: int | None, tmp_path: Path
):
    """Of a model whose answers depend on every letter, so that each program that is tried is a new one."""
    numbers = count()
    world = World(fickle, proposal=lambda *_: f"Double the number, way {next(numbers)}.")
    splits = (rows(range(12)), rows(range(20, 28)))
    run = compiled(
        optimizer, preset, tmp_path, world, splits, budget=Budget(calls=calls) if calls else None
    )
    low, high = run.guess.low, run.guess.high
    assert low.calls <= run.asked - run.pilot <= high.calls <= 4 * low.calls
    if not run.guess.proposals:  # scripted ones are shorter than any that a model makes
        tokens = sum(
            (call.prompt_tokens or 0) + (call.completion_tokens or 0)
            for call in run.calls[run.pilot :]
        )
        assert low.tokens <= tokens <= high.tokens
    assert low.total_usd is None and high.total_usd is None, "an unknown price is unknown, not 0"
    if calls:
        assert run.asked <= calls


def test_a_range_from_a_pilot():
    cheap, dear = Usage.from_totals(1, 100, 0.01, 1.0), Usage.from_totals(3, 300, 0.03, 3.0)
    price = Price(100, 200)
    price_of = lambda prompt, reply, seconds: price.cost(prompt, reply, 0, seconds)  # noqa: E731
    guess = estimate_cost([cheap, dear], questions=10, proposals=2, demos=0, price_of=price_of)
    assert (guess.low.calls, guess.high.calls) == (2 * 10 // 2 + 2, 3 * 10 + 2)
    assert guess.low.tokens == 2000 // 2 + 2 * 800 and guess.high.tokens == 3000 + 2 * 4000
    # A proposal of 800 tokens, a quarter of them written, costs 0.10 USD here, and one of 4,000 costs 0.50.
    assert guess.low.total_usd == pytest.approx(
        0.1 + 2 * 0.1
    ) and guess.high.total_usd == pytest.approx(0.3 + 2 * 0.5)
    unpriced = estimate_cost([cheap, dear], questions=10, proposals=2, demos=0)
    assert unpriced.low.total_usd is None and unpriced.high.total_usd is None, (
        "what the proposer takes is not known"
    )
    assert estimate_cost([cheap], 10, 0, demos=2).high.tokens == 3000


def test_a_question_with_an_unknown_price_has_none():
    usage = {
        "role": "reason",
        "calls": 2,
        "hits": 0,
        "prompt_tokens": 5,
        "completion_tokens": 6,
        "usd": None,
        "unpriced": 2,
        "cancelled": 0,
    }
    (spent,) = usage_per_question([[{**usage, "machine_seconds": 0.5}]])
    assert (spent.calls, spent.tokens, spent.total_usd) == (2, 11, None)


def test_what_is_kept_back_for_a_validation():
    """Half as much again as the first one took, or as the pilot's questions took where that is more."""
    pilot = [Usage.from_totals(2, 20, None, 1.0)] * 4
    assert estimate_validation(
        10, Usage.from_totals(40, 100, 0.0, 1.0), pilot
    ) == Usage.from_totals(60, 300, 0.0, 15.0)
    assert estimate_validation(10, Usage.from_totals(), pilot).calls == 30


SHORT_ROWS_FIRST = ("labeled-few-shot", "bootstrap-random-search")


@pytest.mark.parametrize(
    "optimizer",
    [
        "labeled-few-shot",
        "bootstrap-few-shot",
        *mostly_slow(["chain", "gepa"]),  # many questions
    ],
)
def test_the_range_holds_where_demonstrations_make_answers_short(optimizer: str, tmp_path: Path):
    """As a real model did that reasoned at length until it was shown rows with bare answers."""
    numbers = count()

    def wordy(tier: str, messages: list[dict[str, str]], request: Any) -> str:
        said = fickle(tier, messages, request).splitlines()[-1]
        return said if len(messages) > 2 else f"{'So. ' * 300}\n{said}"

    world = World(wordy, proposal=lambda *_: f"Double the number, way {next(numbers)}.")
    many = 2 if optimizer == "gepa" else 1
    splits = (rows(range(6 * many)), rows(range(20, 20 + 4 * many)))
    chain = SHORT_ROWS_FIRST if optimizer == "chain" else ()
    run = compiled(optimizer, "self-consistency", tmp_path, world, splits, chain=chain)
    tokens = sum(
        (call.prompt_tokens or 0) + (call.completion_tokens or 0) for call in run.calls[run.pilot :]
    )
    assert run.guess.low.tokens <= tokens <= run.guess.high.tokens
    low, high = run.guess.assumptions
    assert ("demonstrations make answers as short as a few tokens" in low) == (optimizer != "gepa")
    assert "dearest of the pilot" in high and "50% of the questions are met again" in low


def test_shorter_answers_count_at_the_lower_end_alone():
    pilot = [Usage.from_totals(1, 300, 0.03, 3.0)]
    plain = estimate_cost(pilot, 100, 0, demos=4)
    shorter = estimate_cost(
        pilot, 100, 0, demos=4, questions_without_demos=20, completion_share=2 / 3
    )
    assert shorter.high.totals() == plain.high.totals() and shorter.low.calls == plain.low.calls
    # Of the tokens two thirds are written, and of the questions four fifths are asked with demonstrations.
    saved = 0.98 * 0.8
    assert shorter.low.tokens == pytest.approx(
        plain.low.totals()["tokens"] * (1 - saved * 2 / 3), abs=1
    )
    # A written token weighs eight read ones: 16 parts of 17.
    assert shorter.low.machine_seconds == pytest.approx(
        plain.low.totals()["seconds"] * (1 - saved * 16 / 17)
    )
    assert plain.low.total_usd is not None and shorter.low.total_usd == pytest.approx(
        plain.low.total_usd * (1 - saved * 16 / 17)
    )
    assert (
        estimate_cost(
            [Usage.from_totals(1, 300, None, 3.0)],
            100,
            0,
            4,
            questions_without_demos=20,
            completion_share=0.5,
        ).low.total_usd
        is None
    )
    early, plain = (
        estimate_cost(pilot, 10, 0, 4, questions_without_demos=20, completion_share=0.5),
        estimate_cost(pilot, 10, 0, 4),
    )
    assert early.low.totals() == plain.low.totals()


def test_the_share_that_models_wrote():
    assert (
        completion_share(
            [
                [{"prompt_tokens": 30, "completion_tokens": 10}],
                [{"prompt_tokens": 0, "completion_tokens": 0}],
            ]
        )
        == 0.25
    )
    assert completion_share([]) == 0.0
