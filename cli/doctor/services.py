"""The checks of `cope doctor` of services: engines, the sandbox and the tracking store."""

import asyncio
import tempfile

from ...errors import CopeError
from ...sandbox import TestSuite, open_sandbox
from ...sandbox.select import ADVICE
from ...util.check import Check
from ...util.redact import redact_error

CHECK_SECONDS = 2.0


def check_registered_engine(prefix: str) -> Check | None:
    """Return the check of the engine with a prefix; None for an engine without one."""
    from ...models.engines.registry import ENGINES

    return ENGINES[prefix].check(CHECK_SECONDS / 2)


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


def check_tracking_store() -> Check:
    """Check that the store of runs can be written or reached."""
    from ...tracking import check_address, store_file, store_uri
    from ...tracking.server_check import check_server_store

    uri, name = store_uri(), "tracking store"
    try:
        check_address(uri)
    except CopeError as error:
        return Check(name, "note", redact_error(str(error)), "set another MLFLOW_TRACKING_URI")
    file = store_file(uri)
    if file is None:
        return check_server_store(uri, CHECK_SECONDS / 2)
    path = file.resolve()
    try:
        if not path.exists():
            with tempfile.TemporaryFile(dir=path.parent):
                found = f"{uri}, made by the first `cope eval` in {path.parent}"
                return Check(name, "ok", found)
        with path.open("r+b"):
            pass
    except OSError as error:
        advice = "make it writable, set MLFLOW_TRACKING_URI, or use `cope eval --no-track`"
        return Check(name, "note", f"{path} cannot be written ({error.strerror})", advice)
    return Check(name, "ok", f"{uri}, writable", "")
