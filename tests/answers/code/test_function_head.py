"""The first line of a function is read from the tests that call it."""

import ast

import pytest

from cope.answers.code.function_head import function_head


@pytest.mark.parametrize(
    ("tests", "head"),
    [
        (["assert is_woodall(383) == True"], "def is_woodall(n):"),
        (["assert f('a', [1], 2.5) == 1"], "def f(text, items, x):"),
        (["assert f(1, 2) == 3"], "def f(n_1, n_2):"),
        (["assert f(1) == 3", "assert f(1, 'b') == 3"], "def f(n, text=None):"),
        (["assert f(1, key=2) == 3"], "def f(n, key=None):"),
        (["assert f(True, (1, 2), {}, {1}) == 3"], "def f(flag, values, mapping, elements):"),
        (["assert f(x) == 3"], "def f(value):"),
        (["assert f() == 3"], "def f():"),
        (["assert f(*[1, 2]) == 3"], "def f(*values):"),
        (["assert math.isclose(f(1), 2)"], "import math\ndef f(n):"),
        (["assert set(f([1])) == {1}"], "def f(items):"),
        (["assert f(-1) == 1"], "def f(n):"),
        (["not python ("], ""),
        (["assert 1 == 1"], ""),
        ([], ""),
    ],
)
def test_it_fits_the_calls_of_the_tests(tests: list[str], head: str) -> None:
    name = "is_woodall" if "woodall" in head else "f"
    made = function_head("Write it.", tests, "", name)
    assert made == head
    if made:
        ast.parse(made + "\n    pass")


def test_the_tests_of_the_question_and_its_name_are_found() -> None:
    question = (
        "Write a function to double.\n\nThe program has to pass this test:\nassert double(2) == 4"
    )
    assert function_head(question) == "def double(n):"


def test_the_imports_of_the_setup_are_there_once() -> None:
    setup = "import math\nfrom collections import Counter\nx = 1"
    made = function_head("Q", ["assert math.floor(f(1)) == 1"], setup, "f")
    assert made == "import math\nfrom collections import Counter\ndef f(n):"


def test_a_question_that_defines_the_function_needs_no_head() -> None:
    assert function_head("def f(x):\n    '''Double x.\n    >>> f(1)\n    2\n    '''\n") == ""
