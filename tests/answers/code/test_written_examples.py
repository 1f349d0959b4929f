"""Examples that a question writes neither as `assert` nor as a session of the interpreter."""

import pytest
from hypothesis import given, strategies as st

from cope.answers.code.entry_point import guess_entry_point
from cope.answers.code.visible_tests import visible_tests

MARKERS = (
    " == ",
    "==",
    " = ",
    " => ",
    " ==> ",
    "==>",
    " -> ",
    " --> ",
    " ->",
    " \u279e ",
    " \u2192 ",
    " \u21d2 ",
    ": ",
    "  # ",
    "  # => ",
    "   # returns ",
    "  // ",
    " returns ",
    " should return ",
    " gives ",
    " should be ",
    " is ",
    " evaluates to ",
    " must be equal to ",
)
BEFORE = ("", "- ", "* ", "For ", "Do it. ", "Do it! ", "Is it so? ", "Such as: ")
LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab'\"\\#()=,. ", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, min_size=2, max_size=3).map(tuple),
    max_leaves=5,
)
HEAD = 'def f(s, n):\n    r"""Do it.\n\n    Examples:\n    {}\n    """\n'


@given(st.sampled_from(MARKERS), LITERALS, LITERALS, st.sampled_from(BEFORE))
def test_a_call_and_its_value_are_a_test_whatever_stands_between(
    marker: str, argument: object, value: object, before: str
):
    line = f"{before}f({argument!r}, 2){marker}{value!r}"
    wanted = [f"assert f({argument!r}, 2) == {value!r}"]
    assert visible_tests(f"Write f.\n{line}\n") == wanted
    if '"""' not in line and not line.endswith(('"', "\\")):
        assert visible_tests(HEAD.format(line)) == wanted


@pytest.mark.parametrize(
    ("line", "tests"),
    [
        ("f('a', 1) => true", ["assert f('a', 1) == True"]),
        ("f('a', 1) => [null, false]", ["assert f('a', 1) == [None, False]"]),
        ("f('a', 1) == 6.00", ["assert f('a', 1) == 6.00"]),
        ("`f('a', 1)` returns `2`.", ["assert f('a', 1) == 2"]),
        ("f('a', 1) returns 2, and f('b', 1) returns 3.", None),
        ("f('a', 1) == 2 (one more)", ["assert f('a', 1) == 2"]),
        ("f('a', 1) == 2 # one more", ["assert f('a', 1) == 2"]),
        ("f('a', 1) == 2 because it is", ["assert f('a', 1) == 2"]),
        ("f('a', 9) -> 9 - 5 - 1 = 3", ["assert f('a', 9) == 9 - 5 - 1"]),
        ("assert f('a', 1) => 2", ["assert f('a', 1) == 2"]),
        ("f([\n  1,\n], 1) == 2", ["assert f([1], 1) == 2"]),
    ],
)
def test_remarks_sums_and_words_of_other_languages_are_read(line: str, tests: list[str] | None):
    both = ["assert f('a', 1) == 2", "assert f('b', 1) == 3"]
    assert visible_tests(HEAD.format(line)) == (both if tests is None else tests)


@pytest.mark.parametrize(
    "line",
    [
        "f(s, n) => 2",  # no values
        "f(a) => False",  # text without quotes
        "f('a', 1) returns 3 items",
        "f('a', 1) == 2 or 3",
        "f('a', 1) == 2 if it may",
        "f('a', 1) = 1, 2",
        "f('a', 1) == 2 is wrong",
        "f('a', 1) == ''b'",
        "f('a', 1) => ('b')",  # perhaps a tuple of one element
        "f('a', 1) => [1, ...]",
        "f('a', 1) == f('b', 2)",
        "f('a', 1) = 1 + n",
        "f('a', 1) != 2",
        "f('a', 1) >= 2",
        "not f('a', 1) == 2",
        "2 * f('a', 1) == 2",
        "f('a', 1) + f('b', 2) == 4",
        "len(f('a', 1)) == 2",
        "f('a', 1).size == 2",
        "f('a', 1)\n    2",
        "g('a', 1) == 2",  # another function
    ],
)
def test_what_can_be_read_in_two_ways_is_no_test(line: str):
    assert visible_tests(HEAD.format(line)) == []


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        ("Input: s = 'ab', n = 3\n    Output: [1, 2]", ["assert f('ab', 3) == [1, 2]"]),
        ("Input: 'ab', 3\n    Output: 2 # so", ["assert f('ab', 3) == 2"]),
        ("Input:\n      s: 'ab'\n      n: 3\n    Output:\n      2", ["assert f('ab', 3) == 2"]),
        ("For n = 3, s = 'ab', the output should be 2.", ["assert f('ab', 3) == 2"]),
        ("For s = 'ab', n = 3 the sum is 9 and the result should be \"2\"", None),
        (
            "Input: s = 'a', n = 1\n    Output: 1\n    Input: s = 'b', n = 2\n    Output: 2",
            ["assert f('a', 1) == 1", "assert f('b', 2) == 2"],
        ),
        ("Input: s = 'a', n = 1\n    Output: 1\n    Input: s = 'b'\n    Output: 2", None),
        ("Input: s = 'ab'\n    Output: 2", []),  # an argument is missing
        ("Input: 'ab', 3, 4\n    Output: 2", []),
        ("Input: ab, 3\n    Output: 2", []),
        ("Input: s = 'ab', n = 3\n    Output: a number", []),
        ("Return the output 2 of it.", []),
    ],
)
def test_arguments_and_output_are_a_test(text: str, tests: list[str] | None):
    if tests is None:
        tests = ["assert f('ab', 3) == \"2\""] if "sum" in text else ["assert f('a', 1) == 1"]
    assert visible_tests(HEAD.format(text)) == tests


def test_an_argument_with_a_default_may_be_left_out():
    head = 'def f(s, n=1):\n    """Input: s = "a"\n    Output: 2"""\n'
    assert visible_tests(head) == ['assert f("a") == 2']


@pytest.mark.filterwarnings("error")
def test_a_backslash_that_escapes_nothing_gives_no_warning():
    assert visible_tests(r"f('\d') == '\w'") == [r"assert f('\d') == '\w'"]


def test_asserts_and_sessions_are_read_alone():
    assert visible_tests("f(1) -> 3\n>>> f(2)\n4") == ["assert f(2) == 4"]
    assert visible_tests("f(1) -> 3\nassert f(2) == 4") == ["assert f(2) == 4"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Write it so that half(4) is 2 and half(2) is 1.", "half"),
        ("half(4) = 2, half(2) = 1, and twice(2) = 4", "half"),
        ("Write a function called twice: half(4) = 2, half(2) = 1, and twice(2) = 4", "twice"),
        ("Use max([1, 2]) = 2 for it", None),
    ],
)
def test_the_wanted_function_is_the_one_with_examples(text: str, name: str | None):
    tests = visible_tests(text)
    assert guess_entry_point(text) == name
    assert bool(tests) == bool(name)
    assert all(f"{name}(" in test for test in tests)
