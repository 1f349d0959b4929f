"""A program of a reply as a function that returns its result, in each form that models write."""

import ast

import pytest
from hypothesis import given, strategies as st

from cope.answers.code.as_function import as_function

FENCED = "Sure:\n```python\n{}\n```\nThis prints it."


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("def solution():\n    return 4 * 5", 20),
        (FENCED.format("def solution():\n    eggs = 16\n    return eggs\n\nprint(solution())"), 16),
        (FENCED.format("def solution():\n    eggs = 16\n    print(eggs)"), 16),
        (FENCED.format("def solution():\n    eggs = 16\n    left = eggs - 7"), 9),
        (FENCED.format("def solve():\n    return 5\nprint(solve())"), 5),
        (FENCED.format("def solve():\n    return 5"), 5),
        (FENCED.format("def double(x):\n    return 2 * x\nprint('It is', double(5))"), 10),
        (FENCED.format("# the eggs\neggs = 16\nleft = eggs - 7\nprint(left)"), 9),
        (FENCED.format("eggs = 16\neggs -= 7"), 9),
        (FENCED.format("eggs: int = 16"), 16),
        (FENCED.format("eggs = 16\neggs - 7"), 9),
        (FENCED.format("eggs = 16\neggs"), 16),
        (FENCED.format("from math import sqrt\nprint(sqrt(16))"), 4),
        (FENCED.format("from math import *\nprint(sqrt(16))"), 4),
        ("eggs = 16\nprint(f'{eggs} eggs')", "16 eggs"),
        ("30 / 3 * 2", 20),
        ("630", 630),
        (f"{FENCED.format('first = 1')}\n{FENCED.format('last = 2')}", 2),
        (f"{FENCED.format('first = 1')}\n{FENCED.format('last = first + 1')}", 2),
        (f"{FENCED.format('first = (1')}\n{FENCED.format('last = 2')}", 2),
    ],
)
def test_each_form_returns_its_result(reply: str, value: object) -> None:
    program = as_function(reply, "solution")
    assert program is not None
    names: dict[str, object] = {}
    exec(program, names)
    assert names["solution"]() == value  # type: ignore[operator]


@pytest.mark.parametrize(
    "reply",
    ["", "I do not know.", "15 * 6 = 90", "import math", "for n in range(3):\n    pass", "x = 5 +"],
)
def test_a_reply_without_a_result_is_none(reply: str) -> None:
    assert as_function(reply, "solution") is None


@given(st.text(max_size=200))
def test_any_text_is_a_program_that_parses_or_none(reply: str) -> None:
    program = as_function(reply, "solution")
    if program is not None:
        ast.parse(program)
