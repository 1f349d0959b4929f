"""A row of MBPP and one of HumanEval, as on the hub."""

import json
from pathlib import Path
from typing import Any

ASSERTS = ["assert double(1) == 2", "assert double(2) == 4", "assert double(3) == 6 "]
MBPP_ROW = {
    "id": "mbpp-7",
    "question": "Write a function to double a number.",
    "answer": "def half(x):\r\n\treturn x / 2\r\ndef double(x):\r\n\treturn 2 * x",
    "task_id": 7,
    "split": "test",
    "test_list": ASSERTS,
    "test_setup_code": "",
    "challenge_test_list": [],
}
PROMPT = 'def one(x):\n    return 1\n\n\ndef double(x):\n    """ Twice x.\n    >>> double(2)\n    4\n    """\n'
HUMANEVAL_ROW = {
    "id": "HumanEval/7",
    "question": PROMPT,
    "answer": "    return 2 * x\n",
    "test": "\n\ndef check(candidate):\n    assert candidate(one(0)) == 2\n\n",
    "entry_point": "double",
}


def written(path: Path, *rows: dict[str, Any]) -> str:
    """Write rows as JSONL and return the path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)
