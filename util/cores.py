"""How many processor cores this process may use."""

import os


def usable_cpus() -> int:
    """Return the number of logical processors on which this process may run.

    >>> usable_cpus() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def usable_cores() -> int:
    """Return the number of physical cores, and at most the processors that this process may use.

    More threads than that wait for each other.

    >>> 1 <= usable_cores() <= usable_cpus()
    True
    """
    import psutil

    return min(psutil.cpu_count(logical=False) or 1, usable_cpus())
