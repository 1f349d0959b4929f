"""The user's prices in a report: a record's as a replay counts them, a run's from what it noted of its calls."""

from pathlib import Path

import pytest
from support.report_sources import run_in

from cope.errors import CopeError
from cope.eval import QuestionResult, Recording, Replay, replay_results, summarize
from cope.eval.run.prices import reprice_results as reprice
from cope.models import Price
from cope.report import open_source, report_data

PRICES = {"small": Price(1, 2), "large": Price(10, 20)}


def test_a_records_money_is_that_of_a_replay_at_the_same_prices(
    record: Recording, record_folder: Path
):
    file = record_folder / "r.parquet"
    assert report_data(open_source(file))["systems"][0]["use"]["cost"] is None, (
        "the small tier has no price"
    )
    figures = report_data(open_source(file, PRICES))
    for told in figures["systems"]:
        name = told["name"]
        wanted = summarize(
            replay_results(Replay(record, name, prices=PRICES)).results, len(told["rounds"])
        )
        assert (
            told["use"]["cost"] == pytest.approx(1000 * (wanted.total.usd or 0) / 12)
            and told["use"]["cost"] > 0
        )
    assert all(setting["use"]["cost"] for setting in figures["swept"]["settings"])


def test_a_runs_money_is_counted_from_its_calls(tmp_path: Path):
    run_in(tmp_path, "large")
    folder = run_in(tmp_path, "cope")
    cope, large = report_data(open_source(folder, PRICES))["systems"]
    spent = 0.0
    for tier, price in PRICES.items():
        used = cope["tiers"][tier]
        written = used["plan_tokens"] + used["answer_tokens"]
        spent += price.cost(used["prompt_tokens"], written, 0, 0.0)
    assert spent > 0 and cope["use"]["cost"] == pytest.approx(1000 * spent / 6)
    assert large["use"]["cost"] > 0 and cope["total"]["unpriced"] == 0
    both = report_data(open_source(tmp_path, PRICES))["systems"]
    assert {s["name"]: s["use"]["cost"] for s in both} == {
        "cope": cope["use"]["cost"],
        "large": large["use"]["cost"],
    }
    (one,) = report_data(
        open_source(run_in(tmp_path / "other", "cope"), {"large": PRICES["large"]})
    )["systems"]
    assert one["use"]["cost"] is None and one["use"]["cost-small-free"] > 0, (
        "one tier's price is not all of it"
    )


def test_the_head_names_the_prices_and_the_saving_follows_them(tmp_path: Path):
    run_in(tmp_path, "large")
    folder = run_in(tmp_path, "cope")
    figures = report_data(open_source(folder, PRICES))
    assert figures["facts"]["price of large"] == "$10 / $20 per million tokens"
    saving = figures["saving"]
    cope, large = figures["systems"]
    assert saving["per_1000"] == [pytest.approx(cope["use"]["cost"])] * 2
    assert saving["last_tier_per_1000"] == [pytest.approx(large["use"]["cost"])] * 2
    assert report_data(open_source(folder))["saving"]["by"] == "large-tokens"


ROW = {
    "tier": "small",
    "round": 1,
    "role": "reason",
    "calls": 2,
    "hits": 0,
    "cancelled": 0,
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "cached_tokens": 40,
    "usd": None,
    "unpriced": 2,
    "seconds": 3.0,
    "machine_seconds": 2.0,
}


@pytest.mark.parametrize(
    ("price", "change", "usd"),
    [
        (Price(1e6, 2e6), {}, 200.0),
        (Price(1e6, 2e6, 0.5e6), {}, 60 + 20 + 100.0),
        (Price(per_hour=3600), {}, 2.0),
        (Price(1, 2), {"prompt_tokens": None}, None),
        (Price(per_hour=3600), {"prompt_tokens": None}, 2.0),
        (Price(per_hour=1), {"machine_seconds": None}, None),
    ],
)
def test_what_a_price_needs_must_be_known(
    price: Price, change: dict[str, object], usd: float | None
):
    (made,) = reprice(
        [QuestionResult("k", "q", "?", "1", score=1.0, usage=[{**ROW, **change}])], {"small": price}
    )
    assert made.usd == (None if usd is None else pytest.approx(usd))
    assert made.usage[0]["usd"] == made.usd and made.usage[0]["unpriced"] == (
        2 if usd is None else 0
    )


def test_a_price_for_a_tier_that_nobody_asks_is_refused(
    record: Recording, record_folder: Path, tmp_path: Path
):
    run = run_in(tmp_path, "cope")
    for source in (record_folder / "r.parquet", run, tmp_path):
        with pytest.raises(CopeError, match="has no tier 'huge' to price: it has small, large"):
            open_source(source, {"huge": Price(1, 1)})
