"""What a question shows: tests, calls, and the name of the function it wants."""

import time

import pytest
from support.sweeps import sweep

from cope.answers.code.calls import visible_calls
from cope.answers.code.entry_point import guess_entry_point
from cope.answers.code.visible_tests import visible_tests

HUMANEVAL_0 = '''from typing import List


def has_close_elements(numbers: List[float], threshold: float) -> bool:
    """ Check if in given list of numbers, are any two numbers closer to each other than
    given threshold.
    >>> has_close_elements([1.0, 2.0, 3.0], 0.5)
    False
    >>> has_close_elements([1.0, 2.8, 3.0, 4.0, 5.0, 2.0], 0.3)
    True
    """
'''
HELPERS = '''import math


def poly(xs, x):
    """Value at x.
    >>> poly([1], 2)
    1
    """
    assert len(xs) > 0
    return xs[0]


def root(xs):
    """
    >>> round(root([1, 2]), 2) # 1 + 2x
    -0.5
    """
'''


def test_the_examples_of_a_docstring_are_two_tests():
    assert visible_tests(HUMANEVAL_0) == [
        "assert has_close_elements([1.0, 2.0, 3.0], 0.5) == False",
        "assert has_close_elements([1.0, 2.8, 3.0, 4.0, 5.0, 2.0], 0.3) == True",
    ]


def test_every_docstring_is_read_and_code_in_functions_is_not():
    assert visible_tests(HELPERS) == [
        "assert poly([1], 2) == 1",
        "assert round(root([1, 2]), 2) == -0.5",
    ]


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        ("assert f(1) == 2", ["assert f(1) == 2"]),
        (
            "Do it.\n\nIt must pass:\nassert f(1) == 2 \nassert f(2) == 3\n",
            ["assert f(1) == 2", "assert f(2) == 3"],
        ),
        ("Do it.\r\nassert f(1) == 2\r\n", ["assert f(1) == 2"]),
        ("Do it.\n- `assert f(1) == 2`\n", ["assert f(1) == 2"]),
        ("Do it.\nassert f(\n  2,\n) == 3\nMore.", ["assert f(\n  2,\n) == 3"]),
        ("Do it.\nassert f(1) == 2\nassert f(1) == 2\n", ["assert f(1) == 2"]),
        ("Do it.\nassert sum(10, 15) == 6\n", ["assert sum(10, 15) == 6"]),
        ("Do it.\nassert (f(x)) == 6\n", ["assert (f(x)) == 6"]),
        (
            "Do it.\nassert n > 0\nassert isinstance(n, int)\nassert f(1) >=> 2\nassertions matter",
            [],
        ),
        ("Do it.\n>>> f(1)\n2", ["assert f(1) == 2"]),
        ("Do it.\n```\n>>> f(1)\n2\n```\n", ["assert f(1) == 2"]),
        ("Do it.\n>>> f('a')  # so\n'b'  # here\n", ["assert f('a') == 'b'"]),
        (
            "Do it.\n>>> f({1: 2,\n...    3: 4})\n{1: 2,\n 3: 4}\n",
            ["assert f({1: 2, 3: 4}) == {1: 2, 3: 4}"],
        ),
        ("Do it.\n>>> f(1) > 2\nTrue\n", ["assert (f(1) > 2) == True"]),
        ("Do it.\n>>> f(1) == 2\n", ["assert f(1) == 2"]),
        ("Do it.\n>>> f([])\n>>> f([1])\n1\n", ["assert f([]) is None", "assert f([1]) == 1"]),
        ("Do it.\n>>> assert f(1) == 2\n", ["assert f(1) == 2"]),
        ("Do it.\n>>> f(1)\nThing(1)\n", ["assert repr(f(1)) == 'Thing(1)'"]),
        ("Do it.\n>>> print(f(1))\na b\n", ["assert str(f(1)) == 'a b'"]),
        ("Do it.\n>>> print(f(1), 2)\na 2\n", []),
        (
            "Do it.\n>>> f(1)\n[1, ..., 3]\n>>> f(2)\n<T at ...>\n>>> f(3)\n'...'\n",
            ["assert f(3) == '...'"],
        ),
        ("Do it.\n>>> f(1) # doctest: +SKIP\n2\n>>> f(2) # doctest: +ELLIPSIS\n<T>\n", []),
        ("Do it.\n>>> f(1\n2\n>>> f(2)\n3\n", ["assert f(2) == 3"]),
        ("Do it.\n>>>f(1)\n2\n\n>>> f(2)\n3\n", ["assert f(2) == 3"]),
        (
            "Do it.\n>>> x = [1]\n>>> y = 5\n>>> x.append(2)\n>>> f(x)\n3\n>>> f(1)\n2\n",
            ["x = [1]\nx.append(2)\nassert f(x) == 3", "assert f(1) == 2"],
        ),
        ("Do it.\n>>> a = 1\n>>> b = a\n>>> f(b)\n2\n", ["a = 1\nb = a\nassert f(b) == 2"]),
        ("Do it.\n>>> f(1)\nTraceback (most recent call last):\n    ...\nmine.Odd: no\n", []),
        (
            'def f(s):\n    """\n    >>> f("a\\nb")\n    \'ab\'\n    """\n',
            ["assert f(\"a\\nb\") == 'ab'"],
        ),
        (
            'def f(s):\n    """\n    >>> f("a\\\\nb")\n    \'ab\'\n    """\n',
            ["assert f(\"a\\nb\") == 'ab'"],
        ),
        ('def f(s):\n    """Go.\n    assert f(1) == 2\n    """\n', ["assert f(1) == 2"]),
        ('def f(s):\n    """>>> f(1)\n    2"""\n', ["assert f(1) == 2"]),
        (
            "def f(s):\n    '''Not Python:\n    >>> f(1)\n    2\n    '''\n  else",
            ["assert f(1) == 2"],
        ),
        ("", []),
        ("What is 1 + 1?", []),
    ],
)
def test_tests_are_read_from_text_and_docstrings(text: str, tests: list[str]):
    assert visible_tests(text) == tests


def test_an_expected_error_is_a_test_that_fails_without_it():
    (test,) = visible_tests(
        "Do it.\n>>> f(-1)\nTraceback (most recent call last):\n    ...\nValueError: negative\n"
    )

    def wrong(x: int) -> None:
        raise KeyError(x)

    exec(test, {"f": lambda x: int("no number")})
    with pytest.raises(AssertionError, match="no ValueError"):
        exec(test, {"f": lambda x: x})
    with pytest.raises(KeyError):
        exec(test, {"f": wrong})


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("f(3) \u279e 4; for example f('x'), f([1, (2)]) == 1", ["f(3)", "f('x')", "f([1, (2)])"]),
        ("f(3), f( 3 ) and f(-3)", ["f(3)", "f(-3)"]),
        ("f(\"a)b\", key=[1]) f('it\\'s')", ['f("a)b", key=[1])', "f('it\\'s')"]),
        ("f(x), f(), f(1, y), f(...), def f(1): f(, f(1 2)", []),
        ("g.f(1) of(2) f(1,\n  2)", ["f(1, 2)"]),
        (" ".join(f"f({n})" for n in range(50)), [f"f({n})" for n in range(20)]),
        ("f(" * 50, []),
    ],
)
def test_calls_with_plain_values_are_read_each_once(text: str, calls: list[str]):
    assert visible_calls(text, "f") == calls


def test_calls_of_what_is_no_name_are_none():
    assert visible_calls("f(1)", "") == visible_calls("f(1)", "(") == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (HUMANEVAL_0, "has_close_elements"),
        (HELPERS, "root"),
        ("def f(x):", "f"),
        ("async def f(x):", "f"),
        ("Do it.\nassert f(1) == 2", "f"),
        ("Do it.\nassert set(f(g(1))) == {2}", "f"),
        ("Do it.\nassert math.isclose(f(1), 2)\nassert isclose(f(1), 2)", "f"),
        ("Do it.\nassert f(Node(1)) == 2", "f"),
        ("Do it.\nassert make(3) == f(1)\nassert f(1) == 2\nassert f(2) == 2", "f"),
        ("Do it.\nassert sum(10, 15) == 6", "sum"),
        ("Fill in:\n```python\ndef f(x):\n```\nin words", "f"),
        ("Write a function called add_two.", "add_two"),
        ("Write a function named `foo` for it", "foo"),
        ("Implement function foo(a, b) now", "foo"),
        ("Write the function `foo`.", "foo"),
        ("Write `bar(x)` that prints with `print(y)`", "bar"),
        ("Write a function called when x is 1", None),
        ("What is 1 + 1?", None),
        ("", None),
    ],
)
def test_the_wanted_function_is_reported(text: str, name: str | None):
    assert guess_entry_point(text) == name


@sweep(
    "text",
    [
        "assert (\n" * 10_000,
        "assert f(1\n" * 9_000,
        "f(" * 50_000,
        'f("' * 33_000,
        ">>> x\n" * 16_000,
        ">>>x\n" * 20_000,
        ">>> x = f(x)\n>>> f(x)\n1\n" * 4_000,
        '"""a"""\n' * 12_000 + "x = 1",
        "`f(" * 33_000,
        "\x00\ud800assert f(x) ==",
    ],
    every=3,
)
def test_hostile_questions_neither_raise_nor_take_long(text: str):
    start = time.process_time()
    assert len(visible_tests(text)) <= 200
    assert visible_calls(text, "f") == []
    guess_entry_point(text)
    assert time.process_time() - start < 5


@sweep(
    "text",
    [
        "f(1) = " * 14_000,
        "f(1) = '" * 12_000,
        "f(1) -> [" * 11_000,
        "f(1) = 1" + " + 1" * 24_000,
        "def f(n):\n    '''" + "n = 1 output 2 " * 6_000 + "'''",
        "def f(n):\n    '''" + "n = [ output " * 7_000 + "'''",
    ],
    every=3,
)
def test_hostile_examples_do_not_take_long(text: str):
    start = time.process_time()
    assert len(visible_tests(text)) <= 200
    assert time.process_time() - start < 5
