"""Sweeps over all variants of a seam: a few by default, all where the slow tests run."""

from collections.abc import Iterable
from typing import Any

import pytest


def mostly_slow(cases: Iterable[Any], *kept: Any) -> list[Any]:
    """Return cases of a parametrized test, all but those in `kept` under the marker `slow`.

    Raises:
        ValueError: when a case to keep is not among the cases.
    """
    every = list(cases)
    missing = [case for case in kept if case not in every]
    if missing:
        raise ValueError(f"{missing} are no cases of the sweep")
    found = []
    for case in every:
        found.append(case if case in kept else pytest.param(case, marks=pytest.mark.slow))
    return found
