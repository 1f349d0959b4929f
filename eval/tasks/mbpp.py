"""MBPP: short Python programs from a sentence and tests (Austin et al., arXiv 2108.07732)."""

from collections.abc import Collection
from typing import Any

from ...answers.code.calls import called_names
from ...answers.code.partial_parse import parse_or_none
from ...answers.code.statements import defined_names
from .code import CodeTask
from .code_rows import BadRow, CodeRow, text_of
from .data import Fields
from .options import Visible

MBPP_FIELDS: Fields = (("question", "text"), ("answer", "code"), ("test_list",))


def mbpp_row(row: dict[str, Any], visible: Visible) -> CodeRow:
    """Convert a row of MBPP, with the field names of the hub or of a local copy.

    Raises:
        BadRow: if its tests are no list of sources, or a part does not parse.
    """
    question, answer = text_of(row, "question", "text"), text_of(row, "answer", "code")
    tests = _tests(row["test_list"])
    setup = text_of(row, "test_setup_code").strip()
    reference = parse_or_none(answer)
    if reference is None:
        raise BadRow("the answer is not Python")
    if parse_or_none(setup) is None:
        raise BadRow("test_setup_code is not Python")
    entry_point = _entry_point(tests, defined_names(reference.body))
    shown, hidden = tests, tests
    if visible == "one":
        shown = tests[:1]
        hidden = tests[1:] or tests
    which = "this test" if len(shown) == 1 else "these tests"
    lines = [f"The program has to pass {which}:"]
    if setup:
        lines.append(setup)
    lines += shown
    example_id = row.get("id")
    if not example_id and row.get("task_id") is not None:
        example_id = f"mbpp-{row['task_id']}"
    return CodeRow(
        id=example_id or None,
        question=question.strip() + "\n\n" + "\n".join(lines),
        answer=answer,
        tests=shown,
        setup=setup,
        entry_point=entry_point,
        hidden=hidden,
        hidden_setup=setup,
    )


def _entry_point(tests: list[str], defined: Collection[str]) -> str:
    """Return the first name that the tests call and the answer defines."""
    names: list[str] = []
    for number, test in enumerate(tests, 1):
        tree = parse_or_none(test)
        if tree is None:
            raise BadRow(f"test {number} in test_list is not Python")
        names += [name for name in called_names(tree) if name in defined]
    if not names:
        raise BadRow("the tests call nothing that the answer defines")
    return names[0]


def _tests(value: Any) -> list[str]:
    """Return the tests of a row; Parquet stores an array, JSON a list."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    is_list = isinstance(value, (list, tuple))
    if not is_list or not all(isinstance(test, str) and test.strip() for test in value):
        raise BadRow("test_list is not a list of tests, each a text")
    if not value:
        raise BadRow("test_list has no tests")
    return [test.replace("\r\n", "\n").strip() for test in value]


MBPP = CodeTask(
    "mbpp",
    ("google-research-datasets/mbpp", "full"),
    MBPP_FIELDS,
    mbpp_row,
    {
        "one": "1 of 3 tests shown, scored on the hidden 2",
        "all": "all 3 tests shown, scored on the same 3",
    },
)
