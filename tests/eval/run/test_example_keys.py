"""Keys of examples: a question whose content changed is a new one."""

import dspy
import pytest

from cope.eval.run.example_keys import key_examples
from cope.util.hashing import digest

CODE = {
    "id": "a",
    "question": "Double n.",
    "answer": "def f(n): return 2 * n",
    "tests": ["assert f(1) == 2"],
    "setup": "",
    "entry_point": "f",
    "hidden": ["assert f(2) == 4"],
    "hidden_setup": "",
    "fields": {"level": "1"},
}


def key(**changed: object) -> str:
    row = dspy.Example(**{**CODE, **changed})
    (found,) = key_examples([row.with_inputs("question", "tests", "setup", "entry_point")])
    return found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", "Double it."),
        ("answer", "def f(n): return n + n"),
        ("tests", ["assert f(1) == 3"]),
        ("setup", "import math"),
        ("entry_point", "g"),
        ("hidden", []),
        ("hidden_setup", "import math"),
    ],
)
def test_what_decides_a_score_changes_the_key(field: str, value: object):
    assert key(**{field: value}) != key()


@pytest.mark.parametrize(("field", "value"), [("id", "b"), ("fields", {"level": "2"})])
def test_what_only_describes_a_row_does_not(field: str, value: object):
    assert key(**{field: value}) == key()


def test_a_question_with_an_answer_alone_keeps_the_key_of_earlier_runs():
    row = dspy.Example(id="a", question="1 + 1", answer="2").with_inputs("question")
    assert list(key_examples([row])) == [digest("1 + 1", "2")]


def test_equal_rows_have_keys_of_their_own():
    assert len(key_examples([dspy.Example(**CODE).with_inputs("question")] * 3)) == 3
