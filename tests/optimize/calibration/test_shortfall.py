"""What is said where nothing passes is true, whatever was lost of however many questions."""

import re

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from scipy.special import bdtr

from cope.optimize.calibration.risk_test import p_values, units_needed
from cope.optimize.calibration.shortfall import Shortfall, assumed_loss, percentage

NO_HELP = "more questions will not help"
TOO_FEW = "So few cannot pass, whatever they lose"
NOT_SHOWN = "does not show whether its true loss is below"
ADVICE = re.compile(r"([\d,]+) questions(, half of them tested,)? let it pass with a power of 80%")


def shortfall(
    tested: int, lost: int, harm: float, delta: float, ordering: int = 0, lost_there: int = 0
) -> Shortfall:
    """Return the shortfall of a setting; with `ordering` questions in another half."""
    total, total_lost = tested + ordering, lost + lost_there
    return Shortfall(
        setting="threshold 1",
        lost=lost,
        tested=tested,
        p=float(p_values(lost, tested, harm)),
        total_lost=total_lost,
        total=total,
        needed=units_needed(assumed_loss(total_lost, total), harm, delta),
        harm=harm,
        delta=delta,
        halved=ordering > 0,
    )


@st.composite
def shortfalls(draw: st.DrawFn) -> Shortfall:
    """Draw a setting that does not pass."""
    tested = draw(st.integers(1, 600))
    harm, delta = draw(st.floats(0.001, 0.6)), draw(st.floats(0.001, 0.6))
    least = 0
    while p_values(least, tested, harm) <= delta:
        least += 1
    lost = draw(st.integers(least, tested) | st.integers(least, min(tested, least + 3)))
    halved = draw(st.booleans())
    there = draw(st.integers(0, tested)) if halved else 0
    return shortfall(tested, lost, harm, delta, tested if halved else 0, there)


@given(shortfalls())
@example(shortfall(20, 0, 0.02, 0.1))
@example(shortfall(10, 0, 0.02, 0.1, 10))
@example(shortfall(200, 4, 0.02, 0.1))
@example(shortfall(50, 1, 0.02, 0.5))
def test_every_sentence_is_true(found: Shortfall):
    text = " ".join(found.sentences)
    assert found.p > found.delta
    assert (TOO_FEW in text) == (p_values(0, found.tested, found.harm) > found.delta)
    seen = found.total_lost / found.total
    by_chance = 1 - bdtr(found.total_lost - 1, found.total, found.harm) if found.total_lost else 1
    if NO_HELP in text:
        assert seen > found.harm
        assert by_chance <= found.delta * (1 + 1e-9), "such a loss is shown to be too high"
        most = _most(100 * found.total, found)
        passes = bdtr(most, 100 * found.total, max(seen, found.harm)) if most >= 0 else 0.0
        assert passes <= found.delta * (1 + 1e-9), "with that loss more questions do not help"
    if NOT_SHOWN in text:
        assert found.needed is None and by_chance > found.delta * (1 - 1e-9)
        assert found.harm <= found.assumed_loss
    advice = ADVICE.search(text)
    assert bool(advice) == (found.needed is not None)
    if advice:
        questions = int(advice[1].replace(",", ""))
        tested = questions // 2 if advice[2] else questions
        assert bool(advice[2]) == found.halved
        power = bdtr(_most(tested, found), tested, found.assumed_loss)
        assert power >= 0.8 - 1e-9
        more = re.search(r"about ([\d,]+) more", text)
        expected = questions - found.total
        assert (int(more[1].replace(",", "")) if more else 0) == max(expected, 0)


def _most(units: int, found: Shortfall) -> int:
    """Return how many of these units may be lost for the setting to pass; -1 where none may."""
    most = int((bdtr(np.arange(units + 1), units, found.harm) <= found.delta).sum())
    while most >= 0 and p_values(most, units, found.harm) > found.delta:
        most -= 1
    return most


@pytest.mark.parametrize(
    ("found", "sentences"),
    [
        (
            shortfall(20, 0, 0.02, 0.1),
            [
                "loses 0 of the 20 tested questions, which gives p = 0.668, above 0.1.",
                "So few cannot pass, whatever they lose: without any loss it takes 114.",
                "It loses 0 of all 20 questions, which does not show whether its true loss is below "
                "2%. If it is, more questions help; if not, a higher --harm or another cascade may.",
            ],
        ),
        (
            shortfall(20, 1, 0.02, 0.1),
            [
                "It loses 1 of all 20 questions, which does not show whether its true loss is below "
                "2%. If it is, more questions help; if not, a higher --harm or another cascade may.",
            ],
        ),
        (
            shortfall(200, 2, 0.02, 0.1, 200, 2),
            [
                "loses 2 of the 200 tested questions",
                "If its true loss is 1.12% (what was seen and half a loss more), 1,890 questions, "
                "half of them tested, let it pass with a power of 80%: about 1,490 more.",
            ],
        ),
        (
            shortfall(200, 30, 0.02, 0.1),
            [
                "It loses 30 of all 200 questions, which shows a loss above 2%: more questions will "
                "not help; a higher --harm or another cascade may."
            ],
        ),
        (
            shortfall(20_000, 399, 0.02, 0.1),
            [
                "little less than 2%: to pass with such a loss takes more than 200,000 tested questions."
            ],
        ),
        (
            shortfall(500, 7, 0.02, 0.1, 500, 0),
            ["so many are there, and more questions help."],
        ),
        (shortfall(10, 4, 0.3, 0.1), ["loses 4 of the 10 tested questions"]),
    ],
)
def test_sentences(found: Shortfall, sentences: list[str]):
    text = " ".join(found.sentences)
    for sentence in sentences:
        assert sentence in text, text


def test_groups_are_named():
    found = Shortfall("threshold 1", 1 / 3, 9, 0.4, 4 / 3, 18, 60, 0.1, 0.1, grouped=True)
    text = " ".join(found.sentences)
    assert "loses 0.3333 of the 9 tested groups" in text and "120 groups, half of them" in text
    assert "question" not in text


@pytest.mark.parametrize("digits", range(2, 9))
def test_percentages_keep_their_digits(digits: int):
    share = 1 - 10**-digits
    assert percentage(share) == f"99.{'9' * (digits - 2)}".rstrip(".")
