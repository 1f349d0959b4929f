"""Kinds of answers: how each reads and compares."""

import asyncio

import pytest

from cope.answers.kinds.code import CODE
from cope.answers.kinds.math import MATH
from cope.answers.kinds.registry import ANSWER_KINDS
from cope.answers.kinds.text import TEXT
from cope.errors import CopeError


def test_the_registry_has_the_projects_own_kinds() -> None:
    assert [ANSWER_KINDS[name] for name in ("code", "math", "text")] == [CODE, MATH, TEXT]
    assert all(ANSWER_KINDS[name].name == name for name in ANSWER_KINDS)
    with pytest.raises(CopeError, match=r"no kind of answers is named 'txt': did you mean text\?"):
        ANSWER_KINDS.by_name("txt")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Paris", " paris.", True),
        ("The  Eiffel\tTower", "the eiffel tower!", True),
        ("\u201cCaf\u00e9\u201d", "CAFE\u0301", True),  # composed and combining accents
        ("\uff21\uff22", "ab", True),  # full width
        ("stra\u00dfe", "STRASSE", True),
        ("Paris", "Rome", False),
        ("0.5", "1/2", False),  # no mathematics
        ("rock'n'roll", "rocknroll", False),  # inner punctuation counts
        ("!", "?", False),  # nothing but punctuation
        ("$51", "51.", True),  # the sign of a currency is written at one time and not at another
        ("\u20ac 1,000", "1,000 \u20ac", True),
        ("-$5", "$-5", True),
        ("$2.5 million", "2.5 million", True),
        ("$5", "$6", False),
        ("$5 bill", "5 bill", False),  # a name
        ("A$AP", "AAP", False),
        ("$.50", "50", False),
        ("3", "3 bolts of fiber.", True),  # models write a unit at one time and not at another
        ("$5", "5 dollars", True),
        ("three", "Three eggs", False),  # a capital letter may be that of a name
        ("three", "three eggs", True),
        ("-3", "\u22123 degrees", True),
        ("12", "12 Monkeys", False),
        ("3 cats", "3 dogs", False),
        ("3", "3 million", False),
        ("2", "2 thirds of it", False),
        ("3", "3 or 4", False),
        ("3", "3 hours 20 minutes", False),
        ("3", "33 bolts", False),
        ("apollo", "apollo 12", False),
        (
            "(A)",
            "(A) The Fly",
            True,
        ),  # an option's words are written at one time and not at another
        ("A", "(a) the fly", True),
        ("(A)", "A. The Fly", True),
        ("(R)", "R) 9am to 12pm", True),
        ("[C]", "Option (C)", True),
        ("(B)", "(B) because it is the shortest", True),
        ("(A)", "(B) The Fly", False),
        ("(A)", "(A) or (B)", False),
        ("(A)", "A positive", False),
        ("(A) one", "(A) two", False),
        ("I", "I. Newton", False),  # a letter without brackets may be that of a name
        ("A", "A major", False),
        ("a", "(a+b)", False),
        ("f", "f(x)", False),
    ],
)
def test_texts_are_compared_without_case_spaces_and_outer_punctuation(
    a: str, b: str, same: bool
) -> None:
    assert TEXT.equal_by_normal_form(a, b) is same
    assert TEXT.equal_by_normal_form(b, a) is same
    assert asyncio.run(TEXT.equal_async(a, b)) is same


def test_equal_answers_have_the_same_number_in_order_of_first_appearance() -> None:
    answers = ["Rome", None, "Paris.", "paris", "ROME"]
    assert asyncio.run(TEXT.group_async(answers)) == [0, None, 1, 1, 0]
    assert asyncio.run(TEXT.group_async(["4", "3 bolts", "3", "3", "4 bolts"])) == [0, 1, 1, 1, 0]
    assert asyncio.run(TEXT.group_async(["(B) two", "(A)", "B", "(A) one"])) == [0, 1, 0, 1]
    assert asyncio.run(CODE.group_async(["x", "x ", "x"])) == [0, 1, 0]
    assert asyncio.run(MATH.group_async(["1/2", None, "0.5"])) == [0, None, 0]


def test_a_text_is_read_from_a_reply() -> None:
    assert TEXT.parse("I think so.\nAnswer: Paris") == "Paris"
    assert TEXT.parse("   ") is None
