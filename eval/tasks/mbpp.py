"""MBPP: short Python programs from a sentence and tests (Austin et al., arXiv 2108.07732)."""

from typing import Any

from ...answers.code.partial_parse import parse_or_none
from ...answers.code.statements import defined_names
from ...answers.code.visible_tests import called_names
from .code import CodeTask
from .code_rows import BadRow, CodeRow, text_of
from .data import Fields
from .options import Visible

MBPP_FIELDS: Fields = (("question", "text"), ("answer", "code"), ("test_list",))


def mbpp_row(row: dict[str, Any], visible: Visible) -> CodeRow:
    """A row of MBPP, by the hub's field names or a local copy's.

    Raises:
        BadRow: when its tests are no list of sources, or something in it does not parse.
    """
    question, answer = text_of(row, "question", "text"), text_of(row, "answer", "code")
    tests = _tests(row["test_list"])
    setup = text_of(row, "test_setup_code").strip()
    reference = parse_or_none(answer)
    if reference is None:
        raise BadRow("the answer is not Python")
    if parse_or_none(setup) is None:
        raise BadRow("test_setup_code is not Python")
    trees = [tree for test in tests if (tree := parse_or_none(test)) is not None]
    if len(trees) < len(tests):
        bad = next(n for n, test in enumerate(tests, 1) if parse_or_none(test) is None)
        raise BadRow(f"test {bad} in test_list is not Python")
    own = defined_names(reference.body)
    names = [name for tree in trees for name in called_names(tree) if name in own]
    if not names:
        raise BadRow("the tests call nothing that the answer defines")
    shown = tests[:1] if visible == "one" else tests
    hidden = tests[1:] if visible == "one" and len(tests) > 1 else tests
    lines = (
        "The program has to pass this test:"
        if len(shown) == 1
        else "The program has to pass these tests:"
    )
    parts = [question.strip(), "\n".join([lines, *filter(None, [setup]), *shown])]
    identity = row.get("id") or (
        f"mbpp-{row['task_id']}" if row.get("task_id") is not None else None
    )
    return CodeRow(identity, "\n\n".join(parts), answer, shown, setup, names[0], hidden, setup)


def _tests(value: Any) -> list[str]:
    # Parquet gives an array where JSON gives a list.
    value = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(test, str) and test.strip() for test in value
    ):
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
