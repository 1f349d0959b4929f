"""What a system saves compared with the last tier alone: one sentence, whatever is known of the costs."""

import re
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from support.question_results import usage

from cope.eval import QuestionResult
from cope.eval.comparison import compare, comparison_document
from cope.eval.comparison.notes import comparison_notes
from cope.eval.comparison.tables import comparison_text

Rows = list[dict[str, Any]]


def row(tier: str, low: float | None, high: float | None = None, calls: int = 1) -> dict[str, Any]:
    """The usage of a tier that costs an amount, or between two amounts; None has no price."""
    high = low if high is None else high
    exact = low == high and low is not None
    return usage(tier, 10, low if exact else None) | {
        "calls": calls,
        "cancelled": int(not exact),
        "usd_low": low or 0.0,
        "usd_high": high,
        "unreported_prompt": 0,
        "unreported_completion": 0,
    }


def results(rows: Rows, right: int, count: int = 40) -> list[QuestionResult]:
    """Results of questions that cost the same, of which the first ones are right."""
    made = []
    for number in range(count):
        key = str(number)
        score = float(number < right)
        made.append(QuestionResult(key, key, "?", "1", score=score, usage=rows))  # pyright: ignore[reportArgumentType]
    return made


def compared(systems: dict[str, list[QuestionResult]], **options: Any) -> tuple[str, Any]:
    """The last line of the text of a comparison, and `saving` of its document."""
    made = compare(systems, draws=200, **options)
    document = comparison_document(made) | {"unknown": {}, "failed": [], "calls": None}
    return list(comparison_notes(made, document))[-1], document["saving"]


@pytest.mark.parametrize(
    ("ours", "theirs", "sentence"),
    [
        (
            [row("small", 0.001), row("large", 0.001)],
            [row("large", 0.008)],
            "ours costs $2.00 per 1,000 questions and large alone $8.00: "
            "it saves 75% (95% interval 75% to 75%), with an accuracy of 75.0% compared with 80.0%",
        ),
        (
            [row("small", 0.001, 0.003)],
            [row("large", 0.008)],
            "ours costs between $1.00 and $3.00 per 1,000 questions and large alone $8.00: "
            "it saves 62% to 88% (95% interval 62% to 88%)",
        ),
        (
            [row("small", 0.010)],
            [row("large", 0.008)],
            "ours costs $10.00 per 1,000 questions and large alone $8.00: "
            "it costs 25% more (95% interval 25% to 25%)",
        ),
        (
            [row("small", None), row("large", 0.001, calls=2)],
            [row("large", 0.008, calls=4)],
            "prices are not known for all tiers (give --price TIER=IN/OUT): ours takes 10,000 large "
            "tokens per 1,000 questions and large alone 10,000 large tokens: it saves 0%",
        ),
        (
            [row("small", None) | {"completion_tokens": None}, row("large", None, calls=2)],
            [row("large", None, calls=4) | {"completion_tokens": None}],
            "ours makes 2,000 large calls per 1,000 questions and large alone 4,000 large calls: "
            "it saves 50%",
        ),
        (
            [row("small", 0.001)],
            [row("large", 0.0)],
            "ours costs $1.00 per 1,000 questions and large alone $0: nothing can be saved",
        ),
    ],
    ids=["exact", "between bounds", "dearer", "no price", "no tokens", "free"],
)
def test_the_sentence_says_cost_saving_and_accuracy(ours: Rows, theirs: Rows, sentence: str):
    systems = {"ours": results(ours, 30), "large": results(theirs, 32)}
    line, saving = compared(systems)
    assert sentence in line and sentence in saving["text"]
    assert saving["accuracy"] == 0.75 and saving["last_tier_accuracy"] == 0.8
    assert line.endswith("(40 questions).")


def test_the_text_ends_with_it_and_has_no_markup():
    systems = {
        "ours": results([row("small", 0.001)], 30),
        "large": results([row("large", 0.008)], 32),
    }
    made = compare(systems, draws=50)
    document = comparison_document(made) | {"unknown": {}, "failed": [], "calls": None}
    document |= {"task": "t", "models": {"small": "s", "large": "l"}}
    text = comparison_text(made, document)
    assert "[bold]" not in text and " ".join(text.split()).endswith("80.0% (40 questions).")


def test_any_names_of_tiers_and_systems_that_are_no_cascade():
    systems = {
        "my-router": results([row("tiny", 0.002), row("frontier", 0.002)], 20),
        "frontier": results([row("frontier", 0.008)], 20),
    }
    line, saving = compared(systems, last_tier="frontier")
    assert (
        "my-router costs $4.00 per 1,000 questions and frontier alone $8.00: it saves 50%" in line
    )
    assert saving["last_tier"] == "frontier" and saving["by"] == "cost"


def test_it_is_of_the_first_system_and_the_document_has_all():
    large = results([row("large", 0.008)], 20)
    systems = {"large": large, "a": results([row("small", 0.004)], 9), "b": large}
    made = compare(systems, draws=50)
    assert [one["system"] for one in comparison_document(made)["savings"]] == ["a", "b"]
    assert compared(systems)[1]["system"] == "a"


def test_without_the_last_tier_alone_it_says_what_to_add():
    systems = {name: results([row("large", 0.1), row("small", 0.1)], 9) for name in ("a", "b")}
    line, saving = compared(systems, last_tier="large")
    assert saving is None and "add it with --presets a,b,large" in line


def test_one_question_has_no_interval():
    systems = {
        "ours": results([row("small", 0.001)], 1, count=1),
        "large": results([row("large", 0.002)], 1, count=1),
    }
    assert "it saves 50% (too few questions for an interval)" in compared(systems)[0]


COSTS = st.lists(st.floats(0.001, 1.0), min_size=8, max_size=8)


@pytest.mark.slow
@settings(max_examples=25)
@given(COSTS, COSTS, st.floats(1.0, 2.0))
def test_the_saving_is_within_its_interval_and_bounds_nest(
    ours: list[float], theirs: list[float], wider: float
):
    def made(costs: list[float], tier: str, factor: float) -> list[QuestionResult]:
        found = results([], 4, len(costs))
        for result, cost in zip(found, costs, strict=True):
            result.usage = [row(tier, cost, cost * factor)]  # pyright: ignore[reportAttributeAccessIssue]
        return found

    _, exact = compared({"ours": made(ours, "small", 1.0), "large": made(theirs, "large", 1.0)})
    _, wide = compared({"ours": made(ours, "small", wider), "large": made(theirs, "large", 1.0)})
    truth = 1 - sum(ours) / sum(theirs)
    assert exact["saving"]["value"] == pytest.approx(truth)
    assert exact["saving"]["low"] <= truth + 1e-9 and truth - 1e-9 <= exact["saving"]["high"]
    assert wide["saving"]["value"] <= truth + 1e-9
    assert wide["saving_at_most"]["value"] == pytest.approx(truth)
    assert not re.search(r"nan|inf", wide["text"])
