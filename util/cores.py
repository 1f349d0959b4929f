"""How many processor cores this process may use."""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""The limit of processor time of a container: microseconds in each period, or `max`."""


def usable_cpus() -> int:
    """Return the number of logical processors that this process may use.

    A container's limit of processor time counts as so many processors, rounded down.

    >>> usable_cpus() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return min(allowed, _cpus_of_quota() or allowed)


def _cpus_of_quota() -> int | None:
    try:
        quota, period = _QUOTA.read_text().split()
        return None if quota == "max" else max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None


def usable_cores() -> int:
    """Return the number of physical cores, and at most the processors that this process may use.

    More threads than that wait for each other.

    >>> 1 <= usable_cores() <= usable_cpus()
    True
    """
    import psutil

    return min(psutil.cpu_count(logical=False) or 1, usable_cpus())
