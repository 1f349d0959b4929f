"""The tests in a model's reply: assert lines that call the function, no more than three, both truth values."""

import pytest

from cope.answers.code.proposed_tests import proposed_tests


@pytest.mark.parametrize(
    ("reply", "tests"),
    [
        ("assert f(1) == 2\nassert f(2) == 3", ["assert f(1) == 2", "assert f(2) == 3"]),
        ("```python\nassert f(1) == 2\n```", ["assert f(1) == 2"]),
        ("1. `assert f(1) == 2`\n- assert f(3) == 4", ["assert f(1) == 2", "assert f(3) == 4"]),
        ("assert f(1) == 2\nassert f( 1 ) == 2", ["assert f(1) == 2"]),
        ("assert f(0) == 1  # shown\nassert f(5) == 6", ["assert f(5) == 6"]),
        ("assert g(1) == 2\nassert True\nassert f(1", []),
        ("assert f(1) == 2\nassert f(2) == ", ["assert f(1) == 2"]),
        ("none", []),
        ("assert assert f(1) == 2", ["assert f(1) == 2"]),
        ("", []),
        (
            "\n".join(f"assert f({n}) == {n}" for n in range(1, 9)),
            ["assert f(1) == 1", "assert f(2) == 2", "assert f(3) == 3"],
        ),
        (
            "assert f(1)\nassert f(2) == True\nassert f(3) is True\nassert not f(4)",
            ["assert f(1)", "assert f(2) == True", "assert not f(4)"],
        ),
        (
            "assert f(1) == False\nassert f(2) == False\nassert f(3) == False\nassert f(4) == True",
            ["assert f(1) == False", "assert f(2) == False", "assert f(4) == True"],
        ),
    ],
)
def test_what_counts_as_a_test(reply: str, tests: list[str]) -> None:
    assert proposed_tests(reply, ["assert f(0)==1"], "f") == tests
