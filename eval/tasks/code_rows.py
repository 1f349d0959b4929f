"""Rows of code data sets, made into what a code task asks and how it scores; a row that cannot be used says why."""

from dataclasses import dataclass
from typing import Any, Literal

from ...answers.code.partial_parse import parse_or_none
from ...answers.code.statements import FUNCTION_NODES, defined_names
from ...answers.code.visible_tests import called_names, visible_tests
from .data import Fields

Visible = Literal["one", "all"]

MBPP_FIELDS: Fields = (("question", "text"), ("answer", "code"), ("test_list",))
HUMANEVAL_FIELDS: Fields = (
    ("question", "prompt"),
    ("answer", "canonical_solution"),
    ("test",),
    ("entry_point",),
)


class BadRow(Exception):
    """A row that cannot be used; the message says why in a few words."""


@dataclass(frozen=True)
class CodeRow:
    """One task: what the program is asked for, the tests it sees, and the tests that score it."""

    id: str | None
    question: str
    answer: str
    tests: list[str]
    setup: str
    entry_point: str
    hidden: list[str]
    hidden_setup: str


def mbpp_row(row: dict[str, Any], visible: Visible) -> CodeRow:
    """A row of MBPP, by the hub's field names or a local copy's.

    Raises:
        BadRow: when its tests are no list of sources, or something in it does not parse.
    """
    question, answer = _text(row, "question", "text"), _text(row, "answer", "code")
    tests = _tests(row["test_list"])
    setup = _text(row, "test_setup_code").strip()
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


def humaneval_row(row: dict[str, Any], visible: Visible) -> CodeRow:
    """A row of HumanEval; its docstring's examples are shown, whatever is asked for.

    Raises:
        BadRow: when something in it does not parse, or the prompt does not define the entry point.
    """
    prompt = _text(row, "question", "prompt").rstrip()
    answer = prompt + "\n" + _text(row, "answer", "canonical_solution")
    entry_point = str(row["entry_point"]).strip()
    check = _text(row, "test").strip()
    head = parse_or_none(prompt) or parse_or_none(f"{prompt}\n    pass")
    if head is None:
        raise BadRow("the prompt is not the head of a Python program")
    if not any(isinstance(s, FUNCTION_NODES) and s.name == entry_point for s in head.body):
        raise BadRow(f"the prompt does not define entry_point {entry_point!r}")
    if parse_or_none(answer) is None:
        raise BadRow("the prompt with the answer is not Python")
    test = parse_or_none(check)
    if test is None:
        raise BadRow("the test is not Python")
    if "check" not in defined_names(test.body):
        raise BadRow("the test does not define check")
    source = prompt if parse_or_none(prompt) else f"{prompt}\n    pass"
    hidden = [f"{check}\ncheck({entry_point})"]
    identity = row.get("id") or row.get("task_id")
    return CodeRow(
        None if identity is None else str(identity),
        prompt,
        answer.rstrip() + "\n",
        visible_tests(prompt),
        "",
        entry_point,
        hidden,
        source,
    )


def _text(row: dict[str, Any], *names: str) -> str:
    value = next((row[name] for name in names if row.get(name) is not None), "")
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


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
