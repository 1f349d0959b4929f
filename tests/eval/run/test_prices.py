"""A run has one price for each tier: the user's latest one, also where an earlier attempt had another."""

import asyncio
import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from hypothesis import given, strategies as st

from cope import Cascade, Team
from cope.errors import CopeError
from cope.eval import RunStore, evaluate, task_by_name
from cope.eval.run.prices import priced_results
from cope.models import Price, ScriptedEngine
from cope.models.reprice import prices_from_json, prices_to_json, reprice_rows
from cope.models.usage import Usage

EXAMPLES = [
    dspy.Example(id=f"q{n}", question=f"What is {n} + 1?", answer=str(n + 1)).with_inputs(
        "question"
    )
    for n in range(4)
]


def run(folder: Path, count: int, price: Price | None, fail_after: int = 99) -> Any:
    """Evaluate the first questions; the model fails after some replies."""
    engine = ScriptedEngine(lambda messages, request: "Answer: 1")

    def script(messages: list[dict[str, str]], request: Any) -> str:
        if len(engine.requests) > fail_after:
            raise CopeError("it is gone")
        return "so\nAnswer: 1"

    engine.script = script
    prices = {"small": price} if price else {}
    cascade = Cascade("small", Team(engine, prices=prices, cache=False))
    store = RunStore({"task": "jsonl", "preset": "small"}, folder)
    with store.open():
        outcome = asyncio.run(
            evaluate(
                task_by_name("jsonl"),
                EXAMPLES[:count],
                cascade,
                store,
                in_flight=1,
                prices=prices,
            )
        )
    return outcome, store.path


def cost(results: Any) -> float | None:
    return Usage.from_rows(row for result in results for row in result.usage).cost.exact


@pytest.mark.parametrize(
    ("first", "second", "counted"),
    [
        (Price(1, 2), Price(3, 6), Price(3, 6)),
        (Price(1, 2), None, Price(1, 2)),
        (None, Price(1, 2), Price(1, 2)),
        (Price(1, 2), Price(per_hour=1), None),
    ],
    ids=["another", "the earlier one", "a first one", "another kind"],
)
def test_a_resumed_run_has_one_price(
    tmp_path: Path, first: Price | None, second: Price | None, counted: Price | None
):
    run(tmp_path, 2, first)
    outcome, folder = run(tmp_path, 4, second)
    (rows,) = [[row for result in outcome.results for row in result.usage]]
    if counted is None:
        seconds = sum(row["machine_seconds"] for row in rows)
        assert cost(outcome.results) == pytest.approx(seconds / 3600)
    else:
        tokens = [sum(row[f"{kind}_tokens"] for row in rows) for kind in ("prompt", "completion")]
        assert cost(outcome.results) == pytest.approx(counted.cost(*tokens, 0, 0.0))
    stored = priced_results(RunStore.read(folder)).values()
    assert cost(stored) == pytest.approx(cost(outcome.results))
    assert all(result.usd is not None for result in stored)


def test_calls_of_an_interrupted_question_have_the_new_price(tmp_path: Path):
    with pytest.raises(CopeError, match="it is gone"):
        run(tmp_path, 2, Price(1, 2), fail_after=1)
    (folder,) = tmp_path.iterdir()
    (folder / "records.jsonl").unlink()
    outcome, _ = run(tmp_path, 1, Price(2, 4), fail_after=0)
    (row,) = outcome.results[0].usage
    assert row["usd"] == Price(2, 4).cost(row["prompt_tokens"], row["completion_tokens"], 0, 0.0)


def test_prices_are_no_settings(tmp_path: Path):
    _, folder = run(tmp_path, 1, Price(1, 2))
    assert run(tmp_path, 1, Price(5, 5))[1] == folder
    written = json.loads((folder / "run.json").read_text())
    assert prices_from_json(written["prices"]) == {"small": Price(1, 2)}, "nothing new was asked"


@pytest.mark.parametrize("damage", [[], {"small": 1}, {"small": {"per_hour": "x"}}, "1/2"])
def test_damaged_prices_are_one_line(tmp_path: Path, damage: Any):
    _, folder = run(tmp_path, 1, Price(1, 2))
    file = folder / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"prices": damage}))
    if not damage:
        assert run(tmp_path, 1, None)
        return
    with pytest.raises(CopeError, match="prices in the run's run.json are damaged"):
        run(tmp_path, 1, None)


ROW: dict[str, Any] = {
    "tier": "small",
    "round": 1,
    "role": "reason",
    "calls": 3,
    "hits": 0,
    "cancelled": 1,
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "cached_tokens": 0,
    "usd": None,
    "unpriced": 3,
    "seconds": 3.0,
    "machine_seconds": 2.0,
}
BOUNDED = ROW | {
    "usd_low": 0,
    "usd_high": None,
    "unreported_prompt": 10,
    "unreported_completion": 20,
}


@pytest.mark.parametrize(
    ("row", "low", "high"),
    [
        (BOUNDED, 200.0, 250.0),
        (BOUNDED | {"unreported_completion": None}, 200.0, None),
        (ROW, 200.0, None),
        (ROW | {"cancelled": 0}, 200.0, 200.0),
        (ROW | {"unpriced": 0, "usd": 1.0}, 200.0, 200.0),
    ],
    ids=["bounded", "no limit", "of an earlier version", "none stopped", "reported"],
)
def test_bounds_of_stopped_calls_follow_the_price(
    row: dict[str, Any], low: float, high: float | None
):
    (priced,) = reprice_rows([row], {"small": Price(1e6, 2e6)})  # pyright: ignore[reportArgumentType]
    assert (priced.get("usd_low"), priced.get("usd_high")) == (low, high)
    assert (priced["unpriced"] == 0) == (low == high)


@given(
    *[st.integers(0, 10_000)] * 3,
    *[st.integers(0, 500)] * 2,
    *[st.floats(0, 100, allow_subnormal=False)] * 2,
)
def test_any_true_usage_costs_what_the_bounds_allow(
    prompt: int, completion: int, cached: int, more: int, written: int, rate: float, out: float
):
    price = Price(rate, out, rate / 2)
    bounds = price.bounds(prompt, completion, 0, 0.0, 500, 500)
    truth = price.cost(prompt + more, completion + written, min(cached, prompt), 0.0)
    assert bounds.high is not None
    assert bounds.low <= truth + 1e-12 and truth <= bounds.high + 1e-12


def test_prices_survive_a_file():
    prices = {"small": Price(per_hour=0.4), "large": Price(0.1, 0.3, 0.05)}
    assert prices_from_json(json.loads(json.dumps(prices_to_json(prices)))) == prices
