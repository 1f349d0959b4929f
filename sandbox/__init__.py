"""Run model-written code, which runs nowhere else, and judge it by tests that it cannot forge."""

from .backends import Backend, Bubblewrap, Unsandboxed
from .deno import Deno
from .judge import judge
from .limits import Limits
from .sandbox import Sandbox
from .select import open_sandbox
from .tests import TestOutcome, TestReport, TestSuite, Verdict

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
    "Verdict",
    "judge",
    "open_sandbox",
]
