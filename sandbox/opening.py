"""Which sandbox there is on this machine."""

import functools
import sys

from ..errors import CopeError
from .backends import Bare, Bubblewrap, find_bubblewrap
from .box import Sandbox

ADVICE = "install bubblewrap (apt install bubblewrap, dnf install bubblewrap)"


@functools.cache
def open_sandbox(unsafe: bool = False) -> Sandbox:
    """The strongest sandbox of this machine, one for the whole process.

    Args:
        unsafe: run programs in plain processes, with limits and no walls.

    Raises:
        CopeError: when there is none, and the user does not insist.
    """
    if unsafe:
        return Sandbox(Bare())
    if sys.platform == "linux" and (command := find_bubblewrap()):
        return Sandbox(Bubblewrap(command))
    raise CopeError(
        f"there is no sandbox here, and model-written code runs nowhere else: {ADVICE}; with --unsafe-code it runs unprotected"
    )
