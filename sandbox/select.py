"""Select the sandbox of this machine."""

import functools
import subprocess
import sys
from collections.abc import Iterator

from ..errors import CopeError
from .backends import Backend, Bubblewrap, Unsandboxed, find_bubblewrap
from .deno import Deno, find_deno
from .limits import Limits
from .sandbox import Sandbox

ADVICE = (
    "install bubblewrap (apt install bubblewrap, dnf install bubblewrap)"
    if sys.platform == "linux"
    else "install Deno (pip install deno)"
)


@functools.cache
def open_sandbox(unsafe: bool = False) -> Sandbox:
    """Return the strongest sandbox of this machine, one for the whole process.

    Args:
        unsafe: run programs in plain processes, with limits but without isolation.

    Raises:
        CopeError: when there is no sandbox and `unsafe` is not set.
    """
    if unsafe:
        return Sandbox(Unsandboxed())
    tried: list[str] = []
    for backend in _candidates():
        why = _self_test(backend)
        if why is None:
            return Sandbox(backend)
        tried.append(f"{backend.name}: {why}")
    found = (
        f"what there is does not work ({'; '.join(tried)})" if tried else "there is no sandbox here"
    )
    raise CopeError(
        f"{found}, and model-written code runs nowhere else: {ADVICE}; "
        "with --unsafe-code it runs unprotected"
    )


def _candidates() -> Iterator[Backend]:
    bubblewrap = find_bubblewrap() if sys.platform == "linux" else None
    if bubblewrap:
        yield Bubblewrap(bubblewrap)
    deno = find_deno()
    if deno:
        yield Deno(deno)


def _self_test(backend: Backend) -> str | None:
    """Return why a backend does not work, such as missing namespaces; None when it works."""
    try:
        with backend.start("_program.py", Limits(), True) as process:
            said, complained = process.communicate(b"", timeout=60)
    except (OSError, CopeError, subprocess.TimeoutExpired) as error:
        return str(error)
    if said == b"ready\n":
        return None
    lines = complained.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else f"status {process.returncode}"
