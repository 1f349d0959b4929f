"""A broken row of a code task is an error of one line."""

from pathlib import Path
from typing import Any

import pytest
from support.code_rows import HUMANEVAL_ROW, MBPP_ROW, written

from cope.errors import CopeError
from cope.eval.tasks.humaneval import HUMANEVAL
from cope.eval.tasks.mbpp import MBPP


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": None}, "no question or text"),
        ({"answer": " "}, "no answer or code"),
        ({"test_list": None}, "no test_list"),
        ({"test_list": "assert double(1) == 2"}, "not a list of tests"),
        ({"test_list": [1, 2]}, "not a list of tests"),
        ({"test_list": ["assert double(1) == 2", ""]}, "not a list of tests"),
        ({"test_list": []}, "test_list has no tests"),
        (
            {"test_list": ["assert double(1) == 2", "assert double(1 =="]},
            "test 2 in test_list is not Python",
        ),
        ({"test_list": ["assert triple(1) == 2"]}, "call nothing that the answer defines"),
        ({"answer": "def double(x)"}, "the answer is not Python"),
        ({"test_setup_code": "x ="}, "test_setup_code is not Python"),
    ],
)
def test_a_broken_row_of_mbpp_is_one_line_with_file_and_row(
    tmp_path: Path, change: dict[str, Any], message: str
):
    refused(MBPP, written(tmp_path / "a.jsonl", MBPP_ROW, MBPP_ROW | {"id": "x"} | change), message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": ""}, "no question or prompt"),
        ({"answer": None}, "no answer or canonical_solution"),
        ({"test": ""}, "no test"),
        ({"entry_point": None}, "no entry_point"),
        ({"entry_point": "triple"}, "does not define entry_point 'triple'"),
        ({"question": "Double it."}, "the prompt is not the head"),
        ({"answer": "    return (x"}, "the prompt with the answer is not Python"),
        ({"test": "def check(f"}, "the test is not Python"),
        ({"test": "def verify(f): pass"}, "does not define check"),
    ],
)
def test_a_broken_row_of_humaneval_is_one_line_with_file_and_row(
    tmp_path: Path, change: dict[str, Any], message: str
):
    refused(
        HUMANEVAL,
        written(tmp_path / "a.jsonl", HUMANEVAL_ROW, HUMANEVAL_ROW | {"id": "x"} | change),
        message,
    )


def refused(task: Any, path: str, message: str) -> None:
    with pytest.raises(CopeError, match=message) as raised:
        task.load("test", data=path)
    assert str(raised.value).startswith(f"{path} line 2: ")
    assert "\n" not in str(raised.value)
