"""A program that writes replies of its own on the channel passes no test, and harms no later run."""

import asyncio
import json
from typing import Any

import pytest

from cope.sandbox import Limits, Sandbox, TestReport, TestSuite

pytestmark = pytest.mark.slow

CLASS = [
    "tuple",
    ["Y", "x.Y", True, False, ["tuple", ["eq"]], ["tuple", []], "object", ["tuple", []]],
]
REPLIES: list[Any] = [
    *[{"value": ["value", [0, 1, 42]]}, {"value": ["object", [0, 0]]}, {"value": ["class", 0]}],
    *[{"value": ["yours", 0]}, {"value": ["shared", 1]}, {"value": ["coroutine", [0, 0]]}],
    *[{"value": ["name", "builtins.eval"]}, {"value": ["name", "os.system"]}],
    *[{"value": ["name", "unittest.mock.ANY"]}, {"value": ["name", "builtins.object"]}],
    *[{"value": ["make", ["builtins.eval", ["1"]]]}, {"value": ["int", "zz"]}],
    *[{"value": ["make", ["fractions.Fraction", [1, 0]]]}, {"value": ["list", 5, 1]}],
    {"value": ["error", [0, ["name", "builtins.ValueError"], [], "x", None, None]]},
    {"call": ["function", 0, ["list", [], None], ["dict", [], None]]},
    {"call": ["op", 0, ["list", ["eq", 1, 1], None], ["dict", [], None]]},
    {"call": ["attr", 0, ["list", ["__class__"], None], ["dict", [], None]]},
    {"value": 1, "changed": [[1, ["list", [42], None]]]},
    *[{"value": 1, "changed": [["x", []]]}, {"value": 1, "streams": [5, -5]}],
    *[{"error": ["X", "y", ["object", [0, 0]]]}, {"error": 5}, {"gone": 1}, [], 5, None, "x"],
    *[{"outcome": ["pass", "", None]}, {"done": True}, {"ask": "x"}],
]
PROGRAM = """
import os
def answer(x):
    for line in LINES:
        for fd in range(3, 64):
            try: os.write(fd, line.encode() + b'\\n')
            except OSError: pass
    return 0
"""
TESTS = (
    "xs = [42]\nassert answer(20) == 42",
    "assert answer(xs) == 43 and answer(lambda v: v) == 44",
)


def test_forged_replies_pass_nothing_and_the_next_run_is_well(walled: Sandbox) -> None:
    sandbox = Sandbox(walled.backend, Limits(cpu_seconds=2, seconds=8.0), max_workers=2)
    described, yes = json.dumps({"value": CLASS}), json.dumps({"value": True})
    programs: list[str] = []
    for reply in map(json.dumps, REPLIES):
        programs += [f"LINES = {[reply] * 3}{PROGRAM}"]
        programs += [f"LINES = {[reply, described, described, yes] * 2}{PROGRAM}"]

    async def run_all() -> list[TestReport]:
        return await asyncio.gather(*(sandbox.run(p, TestSuite(TESTS)) for p in programs))

    reports = asyncio.run(run_all())
    assert [report.passed for report in reports] == [0] * len(programs)
    assert {report.verdict for report in reports} == {"fail"}
    right = "def answer(x): return 42"
    assert sandbox.run_blocking(right, TestSuite(("assert answer(20) == 42",))).all_passed
    sandbox.close()
