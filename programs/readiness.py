"""Check what the default models need on this machine."""

from collections.abc import Callable, Mapping
from functools import partial

from ..models.checks import machine
from ..models.checks.keys import check_keys
from ..models.checks.weights import check_disk, check_weights
from ..models.engines.registry import ENGINES
from ..sandbox.check import check_sandbox
from ..util.check import CHECK_SECONDS, Check, run_checks
from ..util.package_versions import check_packages


def check_machine(others: Mapping[str, Callable[[], Check | None]]) -> list[Check]:
    """Return the results of all checks, in order.

    Args:
        others: further checks by name, which come last.
    """
    checks: dict[str, Callable[[], Check | None]] = {
        "python": check_packages,
        "engine": machine.check_engine,
        "cpu": machine.check_cpu,
        "memory": machine.check_memory,
        "gpu": machine.check_gpu,
        "weights": check_weights,
        "disk": check_disk,
        "sandbox": check_sandbox,
    }
    for prefix in ENGINES:
        checks[prefix] = partial(_check_registered, prefix)
    return run_checks({**checks, "keys": check_keys, **others})


def _check_registered(prefix: str) -> Check | None:
    """Return the check of a registered engine, which may fail to load."""
    return ENGINES[prefix].check(CHECK_SECONDS / 2)
