"""HumanEval: functions from their signature and docstring (Chen et al., arXiv 2107.03374)."""

from typing import Any

from ...answers.code.partial_parse import parse_or_none
from ...answers.code.statements import FUNCTION_NODES, defined_names
from ...answers.code.visible_tests import visible_tests
from .code import CodeTask
from .code_rows import BadRow, CodeRow, text_of
from .data import Fields
from .options import Visible

HUMANEVAL_FIELDS: Fields = (
    ("question", "prompt"),
    ("answer", "canonical_solution"),
    ("test",),
    ("entry_point",),
)


def humaneval_row(row: dict[str, Any], visible: Visible) -> CodeRow:
    """Convert a row of HumanEval. The examples of the docstring are shown for any `visible`.

    Raises:
        BadRow: if a part does not parse, or the prompt does not define the entry point.
    """
    prompt = text_of(row, "question", "prompt").rstrip()
    answer = prompt + "\n" + text_of(row, "answer", "canonical_solution")
    entry_point = str(row["entry_point"]).strip()
    check = text_of(row, "test").strip()
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
    example_id = row.get("id") or row.get("task_id")
    return CodeRow(
        id=None if example_id is None else str(example_id),
        question=prompt,
        answer=answer.rstrip() + "\n",
        tests=visible_tests(prompt),
        setup="",
        entry_point=entry_point,
        hidden=hidden,
        hidden_setup=source,
    )


HUMANEVAL = CodeTask(
    "humaneval",
    ("openai/openai_humaneval", None),
    HUMANEVAL_FIELDS,
    humaneval_row,
    dict.fromkeys(("one", "all"), "the docstring's examples are shown, scored on the hidden check"),
)
