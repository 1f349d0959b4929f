"""Many systems are compared in tables, a few in sentences."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.question_results import records_of

from cope.eval.comparison import Comparison, compare
from cope.eval.comparison.left_out import left_out_lines
from cope.eval.comparison.saving_line import saving_line
from cope.eval.comparison.tables import comparison_text
from cope.eval.comparison.tables_of_many import MAX_SENTENCES

N = 100


def comparison_of(systems: int) -> Comparison:
    """Compare systems between a small and a large model; each is right on some more questions."""
    runs = {"small": records_of([1] * 40 + [0] * (N - 40), small=[1] * N)}
    for number in range(systems):
        scores = list(np.roll([1] * (50 + number) + [0] * (50 - number), number))
        runs[f"middle-{number}"] = records_of(scores, large=[20 + 10 * number] * N)
    runs["large"] = records_of([1] * 80 + [0] * (N - 80), large=[100] * N)
    return compare(runs, reference="large", draws=200)


def text_of(comparison: Comparison) -> str:
    times: dict[str, Any] = {
        "seconds": 5.0,
        "last_tier": "large",
        "last_tier_seconds": 2.0,
        "is_estimate": False,
        "one_machine": True,
    }
    document = {
        "task": "gsm8k",
        "models": {"small": "a/s", "large": "a/l"},
        "unknown": {},
        "calls": None,
        "failed": [],
        "plans": {
            "middle-0": {"plan_tokens": 30.0, "answer_tokens": 100.0, "share": 0.3},
            "middle-1": {"plan_tokens": 60.0, "answer_tokens": 100.0, "share": 0.6},
        },
        "model_time": {pair.system: times for pair in comparison.pairs},
    }
    return comparison_text(comparison, document)


def test_a_few_systems_have_sentences_and_many_have_tables():
    few, many = text_of(comparison_of(2)), text_of(comparison_of(MAX_SENTENCES + 1))
    sentences = (
        "middle-0 is less accurate than large",
        "middle-0 is worse than large by more than",
        "pairwise envelope of the others",
        "middle-0: a plan of large has 30 tokens",
        "middle-0: model time 5.0 s",
    )
    for sentence in sentences:
        assert sentence in few and sentence not in many
    headers = (
        "questions needed",
        "best mixture",
        "saved, of large alone",
        "plans of large",
        "large alone\n",
    )
    for header in headers:
        assert header in many and header not in few


def test_no_system_of_many_is_missing_from_a_table():
    comparison = comparison_of(MAX_SENTENCES + 1)
    lines = text_of(comparison).splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("within"))
    rows = {line.split()[0]: line for line in lines[start + 1 : lines.index("", start)]}
    assert list(rows) == [pair.system for pair in comparison.pairs]
    assert rows["small"].split()[1] == "worse"


def with_scores(**scores: int) -> Comparison:
    """Compare many systems; some are right on the number of questions that is named."""
    comparison = comparison_of(MAX_SENTENCES + 1)
    runs = {"large": records_of([1] * 80 + [0] * (N - 80), large=[100] * N)}
    for pair in comparison.pairs:
        name = pair.system.replace("-", "_")
        right = scores.get(name, 10)
        tokens = 10 * (1 + len(runs))
        runs[name] = records_of([1] * right + [0] * (N - right), large=[tokens] * N)
    return compare(runs, reference="large", draws=200)


def test_the_last_line_is_about_the_largest_saving_that_loses_nothing():
    comparison = with_scores(middle_1=80, middle_2=80, middle_0=40)
    line = saving_line(comparison)
    assert "not worse than large within" in line and "middle_1 saves most" in line
    assert "middle_1 takes 40,000 large tokens per 1,000 questions" in line
    assert " ".join(text_of(comparison).split()).endswith(line)
    assert "no system that is shown to be not worse" in saving_line(with_scores())


def test_a_system_that_costs_more_does_not_save():
    names = [f"middle-{number}" for number in range(MAX_SENTENCES + 1)]
    runs = {name: records_of([1] * N, large=[200] * N) for name in names}
    runs["large"] = records_of([1] * 80 + [0] * (N - 80), large=[100] * N)
    comparison = compare(runs, reference="large", draws=200)
    assert "no system that is shown to be not worse" in saving_line(comparison)
    rows = [line.split() for line in text_of(comparison).splitlines()]
    assert ["middle-0", "-100%", "-100%", "to", "-100%", "large", "tokens"] in rows


def test_the_start_of_most_systems_is_named_once():
    text = " ".join(text_of(comparison_of(2)).split())
    assert "does best at that cost: small. gain" in text
    comparison = comparison_of(2)
    (measure,) = {"large-tokens"} & comparison.routing_baselines.keys()
    rows = comparison.routing_baselines[measure]
    rows["middle-1"] = replace(rows["middle-1"], start="votes")
    rows["middle-2"] = replace(rows["middle-1"], start="small")
    text = " ".join(text_of(comparison).split())
    assert "does best at that cost: small; votes for middle-1. gain" in text


def test_a_plan_longer_than_half_an_answer_is_named_in_both():
    for systems in (2, MAX_SENTENCES + 1):
        text = text_of(comparison_of(systems))
        assert "middle-1: a plan of large has 60 tokens" in text


@pytest.mark.parametrize(
    ("left_out", "lines"),
    [
        ({}, []),
        ({"a": "a learns: train a"}, ["left out: a: a learns: train a"]),
        (
            {"ab": "ab learns: train ab", "no": "needs logprobs", "cd": "cd learns: train cd"},
            [
                "left out: ab, cd: SYSTEM learns: train SYSTEM",
                "left out: no: needs logprobs",
            ],
        ),
    ],
)
def test_one_reason_is_said_once(left_out: dict[str, str], lines: list[str]):
    assert list(left_out_lines(left_out)) == lines
