"""The sandbox of systems without bubblewrap: Pyodide in Deno, brought from the npm registry once."""

import asyncio

import pytest

from cope.sandbox import Limits, Sandbox, TestReport, TestSuite
from cope.sandbox.deno import Deno, find_deno

pytestmark = pytest.mark.live

PROGRAMS = {
    "right": ("import re\ndef answer(x): return {'a': (1, [x])}", True),
    "prints": ("def answer(x):\n    print('{\"value\": 1}')\n    return {'a': (1, [x])}", True),
    "wrong": ("def answer(x): return 0", False),
    "endless": ("while True: pass", False),
    "recursion": ("def answer(x): return answer(x)", False),
    "exit": ("import sys\nsys.exit(0)", False),
    "equal to everything": (
        "class Yes:\n    def __eq__(self, other): return True\ndef answer(x): return Yes()",
        False,
    ),
    "files of the machine": (
        "def answer(x):\n    open('/etc/passwd').read()\n    return {'a': (1, [x])}",
        False,
    ),
    "files by JavaScript": (
        "import js\ndef answer(x):\n    js.Deno.readTextFileSync('/etc/hostname')\n    return {'a': (1, [x])}",
        False,
    ),
    "environment by JavaScript": (
        "import js\ndef answer(x):\n    js.Deno.env.get('HOME')\n    return {'a': (1, [x])}",
        False,
    ),
    "a process by JavaScript": (
        "import js\ndef answer(x):\n    js.Deno.Command.new('true').outputSync()\n    return {'a': (1, [x])}",
        False,
    ),
    "the network by JavaScript": (
        "import js\nfrom pyodide.ffi import run_sync\ndef answer(x):\n    js.Deno.connect(port=80)\n    return run_sync(js.fetch('http://127.0.0.1'))",
        False,
    ),
    "sockets": (
        "import socket\ndef answer(x):\n    socket.create_connection(('127.0.0.1', 80))\n    return 1",
        False,
    ),
    "processes": ("import os\ndef answer(x):\n    os.fork()\n    return 1", False),
}


@pytest.fixture(scope="module")
def reports() -> dict[str, TestReport]:
    command = find_deno()
    assert command, "the development group brings deno"
    sandbox, suite = (
        Sandbox(Deno(command), Limits(seconds=20)),
        TestSuite(("assert answer(7) == {'a': (1, [7])}",)),
    )

    async def run_all() -> list[TestReport]:
        return list(
            await asyncio.gather(*(sandbox.run(source, suite) for source, _ in PROGRAMS.values()))
        )

    return dict(zip(PROGRAMS, asyncio.run(run_all()), strict=True))


@pytest.mark.parametrize("name", PROGRAMS)
def test_right_programs_pass_and_the_others_are_contained(
    reports: dict[str, TestReport], name: str
) -> None:
    assert reports[name].all_passed is PROGRAMS[name][1], reports[name]
