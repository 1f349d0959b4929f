"""The walled sandbox where this machine has one; `COPE_REQUIRE_SANDBOX=1` makes its absence a failure."""

import asyncio
import os

import pytest

from cope.errors import CopeError
from cope.sandbox import Limits, Sandbox, TestSuite, Unsandboxed, open_sandbox


@pytest.fixture(scope="session")
def walled() -> Sandbox:
    """A sandbox with walls."""
    try:
        sandbox = open_sandbox()
        asyncio.run(sandbox.run("", TestSuite(("1",))))
    except CopeError as error:
        if os.environ.get("COPE_REQUIRE_SANDBOX"):
            raise
        pytest.skip(str(error))
    return sandbox


@pytest.fixture(scope="session")
def bare() -> Sandbox:
    """Plain processes: what they are asked and say is the same."""
    return Sandbox(Unsandboxed(), Limits(cpu_seconds=2, seconds=60.0))
