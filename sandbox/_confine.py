"""Confine both processes of the sandbox at their start: permanent limits, and a separate channel."""

import os
import sys

try:
    import resource
except ImportError:  # Windows, where only the unsafe way runs
    resource = None


def confine(cpu_seconds, memory, file_size):
    """Set limits that cannot be raised again. Sizes in bytes; 0 leaves a limit unchanged."""
    if resource is None:
        return
    limits = {
        "RLIMIT_CPU": cpu_seconds,
        "RLIMIT_AS": memory,
        "RLIMIT_FSIZE": file_size,
        "RLIMIT_CORE": None,
        "RLIMIT_NOFILE": 64,
    }
    for name, most in limits.items():
        if most == 0:
            continue
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = most or 0
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # macOS knows no limit of address space
            continue


def channel():
    """Return the two ends of the channel, moved off the standard streams, which then lead to null.

    The process leads a session of its own from here on: what it sends to its group reaches nobody
    else.
    """
    try:  # noqa: SIM105 (contextlib takes long to import)
        os.setsid()
    except (AttributeError, OSError):  # Windows; or it leads its group already
        pass
    ends = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    sys.setrecursionlimit(1000)
    del sys.path[0]  # the folder of this file, whose `select.py` would hide the standard library's
    return ends
