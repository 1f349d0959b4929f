"""Check that programs can run in a sandbox."""

import asyncio

from ..errors import CopeError
from ..util.check import Check
from .select import ADVICE, open_sandbox
from .tests import TestSuite


def check_sandbox() -> Check:
    """Check that the sandbox runs a program."""
    suite = TestSuite(("assert double(2) == 4",))
    try:
        box = open_sandbox()
        report = asyncio.run(box.run("def double(x): return x + x", suite))
    except CopeError as error:
        return Check("sandbox", "note", f"none: {error}", f"only code tasks need one: {ADVICE}")
    if not report.all_passed:
        found = f"{box.name} runs programs, but a right one fails: {report.message}"
        return Check("sandbox", "note", found)
    return Check("sandbox", "ok", f"{box.name} ({box.backend.command}) ran a program")  # pyright: ignore
