"""Confine a process of the sandbox at its start: permanent limits, and a separate channel."""

import os
import sys

try:
    import resource
except ImportError:  # Windows, where only the unsafe way runs
    resource = None


def confine(cpu_seconds, memory, file_size, processes):
    """Set limits that cannot be raised again. Sizes in bytes; 0 leaves a limit unchanged."""
    if resource is None:
        return
    limits = {
        "RLIMIT_CPU": cpu_seconds,
        "RLIMIT_AS": memory,
        "RLIMIT_FSIZE": file_size,
        "RLIMIT_NPROC": processes,
        "RLIMIT_CORE": None,
        "RLIMIT_MSGQUEUE": None,
        "RLIMIT_MEMLOCK": None,
        "RLIMIT_NOFILE": 64,
    }
    for name, most in limits.items():
        kind = getattr(resource, name, None)
        if most == 0 or kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        value = most or 0
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):  # macOS knows no limit of address space
            continue


def forbid_processes(filters):
    """Install the filter of system calls in this process, which can then not fork again.

    Args:
        filters: a list with the filter as hexadecimal digits; empty without a filter. A question
            mark before it allows that it cannot be installed.
    """
    if not filters:
        return
    import ctypes

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    code = bytes.fromhex(filters[0].lstrip("?"))
    library = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_filter = (38, 1, 0, 0, 0), (22, 2)
    library.prctl(*no_new_privileges)
    failed = library.prctl(*set_filter, ctypes.byref(Filter(len(code) // 8, code)), 0, 0)
    if failed and not filters[0].startswith("?"):
        raise OSError(ctypes.get_errno(), "the filter of system calls cannot be installed")


def channel():
    """Return the two ends of the channel, and connect the standard streams to the null device.

    The process becomes the leader of its own session, so that signals to its group reach no other
    process.
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
