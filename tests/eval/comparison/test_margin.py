"""Whether a system is as good as the reference within a margin: what is found, and what is said."""

import pytest
from support.question_results import records_of
from support.sweeps import sweep

from cope.eval.comparison import (
    MarginTest,
    PairedComparison,
    compare,
    comparison_document,
    margin_test,
)
from cope.eval.comparison.notes import comparison_notes
from cope.stats.noninferiority import exact_lower_bound, score_lower_bound


def pair_of(wins: int, losses: int, questions: int, **options) -> PairedComparison:
    """A pair of systems with these counts; all other questions are right for both."""
    rest = questions - wins - losses
    ours = [1] * wins + [0] * losses + [1] * rest
    theirs = [0] * wins + [1] * losses + [1] * rest
    return pair_of_scores(ours, theirs, **options)


def pair_of_scores(
    ours: list[float], theirs: list[float], draws: int = 100, **options
) -> PairedComparison:
    used = {"large": [100] * len(ours)}
    systems = {"ours": records_of(ours, **used), "large": records_of(theirs, **used)}
    return compare(systems, draws=draws, **options).pairs[0]


@sweep(
    ("counts", "margin", "said"),
    [
        (
            (59, 54, 1319),
            0.02,
            "ours is not worse than large within 2 points (95%): smallest margin 1.0; "
            "equivalent within 1.8",
        ),
        ((59, 54, 1319), 0.012, "is not worse than large within 1.2 points (95%): smallest"),
        ((59, 54, 1319), 0.009, "not shown, smallest margin 1.0; needs about 3,300 questions"),
        ((3, 5, 60), 0.02, "ours not worse than large within 2 points (95%): not shown"),
        ((40, 2, 400), 0.02, "is not worse than large within 2 points (95%): smallest margin 0.0"),
        ((2, 40, 400), 0.02, "is worse than large by more than 2 points (95%): -7.0 at best"),
        ((0, 5, 100), 0.05, "smallest margin 10.3; no number of questions shows it at -5.0 points"),
        ((30, 30, 100), 0.001, "needs more than 10,000 questions"),
    ],
    every=3,
)
def test_the_sentence_says_what_holds(counts: tuple[int, int, int], margin: float, said: str):
    assert said in margin_test(pair_of(*counts), margin).text


@pytest.mark.parametrize("counts", [(0, 0, 40), (2, 5, 90), (3, 9, 300), (60, 70, 500)])
def test_the_smallest_margin_holds_and_a_smaller_one_does_not(counts: tuple[int, int, int]):
    pair = pair_of(*counts)
    smallest = margin_test(pair, 0.5).smallest
    assert margin_test(pair, smallest + 1e-9).is_not_worse
    below = margin_test(pair, smallest - 1e-3)
    assert not below.is_not_worse
    assert below.needed is None or below.needed > pair.questions


def test_few_discordant_questions_are_tested_exactly_and_many_by_the_score():
    few, many = margin_test(pair_of(3, 9, 300), 0.05), margin_test(pair_of(60, 70, 500), 0.05)
    assert (few.method, few.lower) == ("exact", exact_lower_bound(3, 9, 300))
    assert (many.method, many.lower) == ("score", score_lower_bound(60, 70, 500))
    assert many.upper == -score_lower_bound(70, 60, 500)


def test_the_same_question_five_times_shows_no_smaller_margin():
    ours, theirs = [1] * 26 + [0] * 29 + [1] * 65, [0] * 26 + [1] * 29 + [1] * 65
    groups = {str(n): f"group {n % 120}" for n in range(600)}
    once = margin_test(pair_of_scores(ours, theirs), 0.05)
    grouped = margin_test(pair_of_scores(ours * 5, theirs * 5, 1000, groups=groups), 0.05)
    blind = margin_test(pair_of_scores(ours * 5, theirs * 5), 0.05)
    assert (once.method, grouped.method) == ("score", "bootstrap")
    assert grouped.smallest == pytest.approx(once.smallest, abs=0.01)
    assert blind.smallest < once.smallest - 0.03
    assert once.needed is not None and grouped.needed is not None
    assert grouped.needed == pytest.approx(5 * once.needed, rel=0.1)


def test_scores_between_0_and_1_are_compared_by_their_mean():
    ours, theirs = [0.4, 0.6, 0.5, 0.7] * 50, [0.5, 0.5, 0.5, 0.7] * 50
    found = margin_test(pair_of_scores(ours, theirs, 2000), 0.02)
    assert (found.method, found.is_equivalent) == ("bootstrap", True)
    assert found.smallest == pytest.approx(1.645 * 0.0707 / 200**0.5, rel=0.1)
    wide = margin_test(pair_of_scores(ours, theirs), 0.001)
    assert wide.needed == pytest.approx((2.4865 * 0.0707 / 0.001) ** 2, rel=0.01)


def test_few_partial_differences_are_bounded_by_the_points_that_differ():
    """None is right by full score, so counts of right answers would bound the difference by zero."""
    pair = pair_of_scores([0.9] * 5 + [0.5] * 95, [0.1] * 5 + [0.5] * 95)
    assert pair.has_exact_bounds and pair.difference.value == pytest.approx(0.04)
    assert pair.difference.low < 0.04 < pair.difference.high
    assert margin_test(pair, 0.05).method == "exact shares"


def test_one_group_shows_nothing():
    groups = {str(n): "one" for n in range(40)}
    found = margin_test(pair_of(10, 12, 40, groups=groups), 0.5)
    assert found.text.endswith("too few questions") and not found.is_not_worse
    assert found.as_dict()["smallest"] is None


def test_document_and_text_have_the_test_of_every_pair():
    used = {"large": [100] * 60}
    right = [1] * 50 + [0] * 10
    systems = {name: records_of(right, **used) for name in ("a", "b", "large")}
    comparison = compare(systems, margin=0.06, draws=100)
    plain = {"unknown": {}, "calls": None, "failed": []}
    notes = list(comparison_notes(comparison, plain))
    for pair in comparison.pairs:
        found = margin_test(pair, 0.06)
        assert isinstance(found, MarginTest) and found.is_not_worse and found.is_equivalent
        assert f"{found.text}." in notes
    tests = [pair["margin_test"] for pair in comparison_document(comparison)["comparisons"]]
    assert [test["margin"] for test in tests] == [0.06, 0.06]
    assert all(test["not_worse"] and test["needed"] is None for test in tests)
