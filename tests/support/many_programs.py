"""Judge many harmless programs in one start of the sandbox, where each would need two processes.

The sandbox's program is then `DRIVER`, which connects `_program.py` and `_tests.py` to each other
inside the sandbox. What separates processes from each other is not tested this way.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cope.sandbox
from cope.sandbox import Limits, Sandbox, TestSuite

DRIVER = """
import io, json, queue, sys, threading
sys.path.insert(0, FOLDER)
import _forward, _program, _tests

class Ends:
    def __init__(self, program):
        self.requests, self.replies, self.outcomes = queue.Queue(), queue.Queue(), []
        self.program = _program.Program(self.exchange)
        loaded = json.loads(self.program.reply(json.dumps(["load", program])))
        self.error = loaded.get("error")
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while (request := self.requests.get()) is not None:
            self.replies.put(self.program.reply(request).encode())

    def exchange(self, reply):
        self.replies.put(reply.encode())
        return self.requests.get()

    def write(self, line):
        message = json.loads(line)
        if "ask" in message:
            self.requests.put(message["ask"].encode())
        else:
            self.outcomes.append(message["outcome"][:2])

    def readline(self):
        return self.replies.get(timeout=20)

def verdicts(suites):
    found = []
    usual = [(module, dict(vars(module))) for module in map(__import__, _forward._LOOKING)]
    for program, tests, setup, entry_point in suites:
        ends = Ends(program)
        if ends.error:
            ends.requests.put(None)
            found.append([["fail", ": ".join(ends.error[:2])]])
            continue
        _tests.run(ends, ends, {"tests": tests, "setup": setup, "entry_point": entry_point})
        ends.requests.put(None)
        found.append(ends.outcomes)
        for module, names in usual:
            vars(module).update(names)
    return json.dumps(found)
"""


@dataclass(frozen=True)
class Judged:
    """The verdict on a program, and the outcomes of its tests: result and message."""

    outcomes: list[tuple[str, str]]

    @property
    def verdict(self) -> str:
        results = [result for result, _ in self.outcomes]
        if set(results) == {"pass"}:
            return "pass"
        return "fail" if "fail" in results else "error"


def judge_together(
    sandbox: Sandbox, suites: Sequence[tuple[str, Sequence[str], str, str | None]]
) -> list[Judged]:
    """Return the verdicts on programs, each with its tests, setup and entry point."""
    import json

    walled = sandbox.name == "bubblewrap"
    folder = "/sandbox" if walled else str(Path(cope.sandbox.__file__).parent)
    limits = Limits(cpu_seconds=60, seconds=120.0, memory=1 << 30)
    roomy = Sandbox(sandbox.backend, limits, max_workers=1)
    argument = [[program, list(tests), setup, name] for program, tests, setup, name in suites]
    call = f"verdicts({argument!r})"
    report = asyncio.run(roomy.run(f"FOLDER = {folder!r}\n{DRIVER}", TestSuite((call,))))
    roomy.close()
    outcome = report.outcomes[0]
    assert outcome.passed and outcome.value, outcome.message
    found = json.loads(eval(outcome.value, {"__builtins__": {}}))
    return [Judged([(result, message) for result, message in outcomes]) for outcomes in found]


_ALONE = re.compile(
    r"\b(?:os|sys|ctypes|gc|signal|threading|socket|mmap|resource|builtins|inspect|atexit|marshal|time"
    r"|multiprocessing|concurrent|asyncio|random|subprocess|_xxsubinterpreters|exit|open|input|global)\b"
    r"|while True|1e9|repeat\(1\)|\*\*|1<<|\{60|'a'\*|print\(|range\(10|'\\\\ufdfa"
)

_ALONE_BY_TEST = re.compile(r"os\.fork|[1-9]\d0000\b|range\(3000\)")


def needs_own_process(program: str, tests: Sequence[str]) -> bool:
    """Return whether a program may harm what runs beside it in one process, or is slow."""
    return bool(_ALONE.search(program)) or any(_ALONE_BY_TEST.search(test) for test in tests)
