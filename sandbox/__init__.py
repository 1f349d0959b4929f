"""Run model-written code, which runs nowhere else, and test it with verdicts that it cannot forge."""

from .backends import Backend, Bubblewrap, Unsandboxed
from .deno import Deno
from .limits import Limits
from .sandbox import Sandbox
from .select import open_sandbox
from .tests import TestOutcome, TestReport, TestSuite

__all__ = [
    "Backend",
    "Bubblewrap",
    "Deno",
    "Limits",
    "Sandbox",
    "TestOutcome",
    "TestReport",
    "TestSuite",
    "Unsandboxed",
    "open_sandbox",
]
