"""C3PO: thresholds on votes by agreement with the last tier, within a conformal bound on cost."""

from typing import Any

import pytest
from support.trained_systems import outcomes

from cope.errors import CopeError
from cope.programs.systems.c3po import C3PO, agreement_with_last, answering_tiers
from cope.programs.systems.outcomes import Observation
from cope.programs.systems.policy import Decision, FitOptions, simulate


def table(count: int = 40, **more: Any) -> Any:
    """Return answers of which those with a share of 1 are the last tier's, and half of those at 1/2."""
    confidence, answers = [], []
    for row in range(count):
        confidence.append([(1.0, 0.5, 0.25, 1.0)[row % 4], 1.0])
        answers.append([("a", "A ", "b", "a")[row % 4] if row % 8 != 1 else "b", "a"])
    scores = [[0.0, 0.0]] * count  # no right answer is needed
    return outcomes(scores, confidence=confidence, answers=answers, **more)


def test_agreement_is_by_text():
    found = agreement_with_last(table(4))
    assert found.tolist() == [[True, True], [False, True], [False, True], [True, True]]
    none = outcomes([[0, 0]], answers=[[None, "a"]])
    assert agreement_with_last(none).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("share", "threshold", "last"),
    [
        # Of 40 questions 20 are below 1, and (1 + 20) / 41 = 0.512; 10 are below 1/2: 11/41 = 0.268.
        (0.52, 1.0, 20),
        (0.51, 0.5, 10),
        (0.27, 0.5, 10),
        (0.26, 0.25, 0),
    ],
)
def test_the_bound_on_the_share_by_hand(share: float, threshold: float, last: int):
    made = C3PO.fit(table(), table(), FitOptions(share=share))
    assert made.thresholds == (threshold,)
    again = C3PO.from_state(made.state(), made.tiers, made.costs)
    assert simulate(again, table()).asked[:, 1].sum() == last


def test_a_bound_that_cannot_hold_is_an_error():
    with pytest.raises(CopeError, match="no threshold keeps 1% of 40 questions"):
        C3PO.fit(table(), table(), FitOptions(share=0.01))


def test_answers_below_their_threshold_go_on():
    made = C3PO(("a", "b", "c"), (0.1, 0.3, 1.0), (0.75, 0.5))
    high, low, none = Observation("x", 0.8), Observation("x", 0.4), Observation(None, 1.0)
    seen = [{}, {"a": high}, {"a": low}, {"a": none}, {"a": low, "b": high}]
    seen += [{"a": low, "b": low}, {"a": low, "b": low, "c": low}]
    found = [(one.tier, one.is_final) for one in made.decide(["q"] * 7, seen)]
    assert found == [
        ("a", False),
        ("a", True),
        ("b", False),
        ("b", False),
        ("b", True),
        ("c", False),
        ("c", True),
    ]
    assert made.decide(["q"], [{"a": high}]) == [Decision("a", True, 0.8)]


def test_the_first_tier_that_reaches_its_threshold_answers():
    confidence = table(4).confidence
    assert answering_tiers(confidence, (0.5,)).tolist() == [0, 0, 1, 0]


def test_what_it_needs_is_said():
    single = outcomes([[1, 1]] * 40)
    with pytest.raises(CopeError, match="several answers of small"):
        C3PO.fit(single, single, FitOptions())
    hidden = outcomes([[1, 1]] * 40, answers=[["", ""]] * 40)
    with pytest.raises(CopeError, match="only right or wrong is known"):
        C3PO.fit(hidden, hidden, FitOptions())
