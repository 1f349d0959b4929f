"""What a run cost now and what it would cost anew: summary, table and MLflow's metrics."""

from typing import Any

import pytest
from support.question_results import usage

from cope.eval import QuestionResult, summarize
from cope.eval.run.summary_log import summary_metrics
from cope.eval.run.table import summary_text
from cope.models import Price
from cope.programs.systems.stage import Stage

EXACT = {"unreported_prompt": 0, "unreported_completion": 0}
MADE = usage("small", 10, 0.25) | EXACT | {"usd_low": 0.25, "usd_high": 0.25}
CACHED = usage("large", 20, 1.0) | EXACT | {"usd_low": 1.0, "usd_high": 1.0, "hits": 1}
STOPPED = usage("small", 5) | {"usd_low": 0.125, "usd_high": 0.5, "cancelled": 1}
STOPPED |= {"unreported_prompt": 0, "unreported_completion": 50}
OLD_HIT = usage("large", 0, 0.0) | {"calls": 0, "hits": 3}
SETTINGS = {"task": "t", "preset": "cope", "models": {"small": "s", "large": "l"}}


def shown(*rows: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The table, the document and the metrics of one question with these rows."""
    result = QuestionResult("k", "q", "?", "1", answer="1", score=1.0, round=1, usage=list(rows))  # pyright: ignore[reportArgumentType]
    summary = summarize([result], 1, prices={"large": Price(1, 2)})
    table = summary_text(SETTINGS, [Stage(1, "small solves", ("small",))], summary)
    return " ".join(table.split()), summary.as_dict(), summary_metrics(summary)


@pytest.mark.parametrize(
    ("rows", "anew", "now", "words"),
    [
        ([MADE], (0.25, 0.25), (0.25, 0.25), "$0.25"),
        (
            [MADE, CACHED],
            (1.25, 1.25),
            (0.25, 0.25),
            "1 of 2 calls came from the cache: the run cost $0.25, and would cost $1.25",
        ),
        ([MADE, STOPPED], (0.375, 0.75), (0.375, 0.75), "$0.38 to $0.75"),
        (
            [MADE, STOPPED, CACHED],
            (1.375, 1.75),
            (0.375, 0.75),
            "the run cost between $0.38 and $0.75, and would cost between $1.38 and $1.75",
        ),
        (
            [MADE, OLD_HIT],
            (0.25, None),
            (0.25, 0.25),
            "3 of 4 calls came from the cache: the run cost $0.25, and would cost at least $0.25",
        ),
    ],
    ids=["made", "cached", "stopped", "all", "of an earlier version"],
)
def test_costs_now_and_anew(
    rows: list[dict[str, Any]],
    anew: tuple[float, float | None],
    now: tuple[float, float],
    words: str,
):
    table, document, metrics = shown(*rows)
    assert words in table and "prices: large $1 / $2 per million tokens" in table
    for name, bounds in (("total", anew), ("spent_now", now)):
        assert (document[name]["usd_low"], document[name]["usd_high"]) == bounds
    exact = anew[0] if anew[0] == anew[1] else None
    assert metrics["usd"] == exact and metrics["cached_calls"] == document["total"]["hits"]
    if exact is None and anew[1] is not None:
        assert (metrics["usd_low"], metrics["usd_high"]) == anew
    if document["total"]["hits"]:
        known = metrics["usd_now"], metrics.get("usd_now_low"), metrics.get("usd_now_high")
        assert known == ((now[0], None, None) if now[0] == now[1] else (None, *now))
    else:
        assert "usd_now" not in metrics


def test_the_table_says_what_stopped_calls_may_have_written():
    assert "written up to 50 tokens more than the table counts" in shown(MADE, STOPPED)[0]
