"""Fractions whose parts are counted out, such as "2 thirds", in answers that are numbers."""

import pytest

from cope.answers.kinds.math import MATH
from cope.answers.kinds.number import NUMBER


@pytest.mark.parametrize("part", ["third", "fourth", "fifth", "sixth", "eighth", "ninth", "tenth"])
@pytest.mark.parametrize("count", ["2", "two"])
@pytest.mark.parametrize("text", ["{}", "Answer: {} of a mile", "He ate {} of it.", "about {} cup"])
def test_a_counted_fraction_is_its_value(count: str, part: str, text: str) -> None:
    bottom = ["third", "fourth", "fifth", "sixth", "", "eighth", "ninth", "tenth"].index(part) + 3
    read = NUMBER.parse(text.format(f"{count} {part}s"))
    assert read is not None and NUMBER.equal_by_normal_form(read, f"2/{bottom}")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("-2 thirds", "-2/3"),
        ("two and two thirds", "8/3"),
        ("2 2 thirds", "8/3"),
        ("3 quarters", "3"),  # coins
        ("2 halves", "2"),  # of a game
        ("3 fifth graders", "3"),
        ("5 seconds", "5"),
        ("1 third", "1"),
    ],
)
def test_what_may_be_a_thing_is_counted(text: str, answer: str) -> None:
    read = NUMBER.parse(text)
    assert read is not None and NUMBER.equal_by_normal_form(read, answer)


def test_mathematics_reads_them_too() -> None:
    assert MATH.equal_by_normal_form(str(MATH.parse("Answer: 2 thirds")), r"\frac{2}{3}")
