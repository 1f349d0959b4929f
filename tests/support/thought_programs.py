"""A team whose small tier answers by chains and programs of thought, and a sandbox that runs none."""

import re
from collections.abc import Iterator
from typing import Any

from cope import Team
from cope.models import ScriptedEngine
from cope.sandbox import TestOutcome, TestReport, TestSuite


class ReadingSandbox:
    """Reads the value after `return` instead of running the program."""

    async def run(self, program: str, suite: TestSuite) -> TestReport:
        (test,) = suite.tests
        returned = re.search(r"return (.*)", program)
        value = returned[1] if returned else None
        return TestReport((TestOutcome(test, value is not None, value=value),))


def is_program_request(messages: list[dict[str, str]]) -> bool:
    """Return whether a request asks for a program of thought."""
    return "solution()" in messages[0]["content"]


def thinking_team(
    chains: list[Any], programs: list[Any], **tiers: Any
) -> tuple[Team, dict[str, ScriptedEngine]]:
    """Return a team whose small tier gives these answers, one after the other; None is no answer."""
    left: dict[bool, Iterator[Any]] = {False: iter(chains), True: iter(programs)}

    def small(messages: list[dict[str, str]], request: Any) -> str:
        is_program = is_program_request(messages)
        value = next(left[is_program])
        if value is None:
            return "I do not know."
        if is_program:
            return f"```python\ndef solution():\n    return {value}\n```"
        return f"Steps.\nAnswer: {value}"

    engines = {"small": ScriptedEngine(small), "large": ScriptedEngine(lambda m, r: "Answer: 99")}
    engines |= tiers
    return Team(**engines, cache=False), engines
