"""Programs are read out of replies of every kind, and what they do decides whether they are right.

`replies.jsonl` and `more_replies.jsonl` hold replies with a question, a test, and whether the
program in the reply passes it.
"""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from support.many_programs import judge_together, needs_own_process

from cope.answers import extract_program
from cope.answers.code.entry_point import guess_entry_point
from cope.sandbox import Sandbox, TestSuite

DATA = Path(__file__).with_name("data")
FILES = ("replies.jsonl", "more_replies.jsonl")


def load(file: str) -> list[dict[str, Any]]:
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


CASES = [pytest.param(case, id=case["kind"]) for file in FILES for case in load(file)]


@pytest.fixture(scope="module")
def verdicts(walled: Sandbox) -> dict[str, bool]:
    """Whether the program in each reply passes its test, in one start of the sandbox."""
    suites: dict[str, tuple[str, list[str], str, str | None]] = {}
    alone: dict[str, bool] = {}
    for case in (case for file in FILES for case in load(file)):
        program = extract_program(case["reply"], case["question"])
        name = guess_entry_point(case["question"])
        if program is None:
            alone[case["kind"]] = False
        elif needs_own_process(program, [case["test"]]):
            suite = TestSuite((case["test"],), "", name)
            alone[case["kind"]] = walled.run_blocking(program, suite).all_passed
        else:
            suites[case["kind"]] = (program, [case["test"]], "", name)
    judged = judge_together(walled, list(suites.values()))
    return alone | {
        kind: found.verdict == "pass" for kind, found in zip(suites, judged, strict=True)
    }


@pytest.mark.parametrize("case", CASES)
def test_the_program_in_a_reply_is_read_as_it_was_meant(
    case: dict[str, Any], verdicts: dict[str, bool]
) -> None:
    assert verdicts[case["kind"]] == case["passes"]


def test_thoughts_of_any_length_do_not_count_against_the_limit_of_a_reply() -> None:
    thought = "def f(x): return 0\n" * 20_000
    reply = f"<reasoning>{thought}</reasoning>\n```python\ndef f(x):\n    return 1\n```"
    assert extract_program(reply, "Write f.") == "def f(x):\n    return 1"


def test_reading_is_linear_in_the_length_of_marks() -> None:
    import time

    started = time.process_time()
    for mark in ("<think>", "</think>", "<|channel|>final<|message|>", "<|im_start|>user", "`def "):
        assert extract_program(mark * 20_000, "Write f.") is None
    assert time.process_time() - started < 5


FRAGMENTS = st.sampled_from(
    [
        *(
            "```",
            "```python",
            "~~~",
            "`",
            '"""',
            "'''",
            "\n",
            "\n",
            "    ",
            "\t",
            "# note",
            "In [1]: ",
            ">>> ",
            "... ",
        ),
        *(
            "def f(x):",
            "return x",
            "class A:",
            "import os",
            "if x:",
            "else:",
            "f(1)",
            "sys.exit(0)",
            "x = 1",
            "assert f(1)",
        ),
        *(
            "<think>",
            "</think>",
            "<|channel|>final<|message|>",
            "<|im_end|>",
            "<|im_start|>user",
            "[[ ## program ## ]]",
        ),
        *('{"program": "', '\\n"}', "\x00", "\ud800", "\u200b", "é", "(", ")", "[", "]", ":", "\\"),
    ]
)


@given(
    st.lists(FRAGMENTS, max_size=40).map("".join), st.sampled_from(["Write f(x).", "def f(x):\n"])
)
@settings(deadline=None, derandomize=True)
def test_reading_never_raises_and_what_it_reads_is_python(reply: str, question: str) -> None:
    program = extract_program(reply, question)
    if program is not None:
        compile(program, "<program>", "exec", flags=ast.PyCF_ONLY_AST)
