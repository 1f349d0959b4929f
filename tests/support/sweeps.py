"""Sweeps over all variants of a seam: a few by default, all where the slow tests run."""

from collections.abc import Callable, Iterable, Sequence
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


def sweep(
    names: str | Sequence[str],
    cases: Iterable[Any],
    *,
    every: int,
    ids: Sequence[str] | Callable[[Any], object] | None = None,
) -> pytest.MarkDecorator:
    """Parametrize a test: each `every`-th case runs by default, the others as `slow`."""
    marked = []
    for place, case in enumerate(cases):
        param = _as_param(names, case)
        if place % every:
            marks = (*param.marks, pytest.mark.slow)
            param = pytest.param(*param.values, marks=marks, id=param.id)
        marked.append(param)
    return pytest.mark.parametrize(names, marked, ids=ids)


def _as_param(names: str | Sequence[str], case: Any) -> Any:
    """Return a case as pytest's set of parameters."""
    if hasattr(case, "marks"):
        return case
    if not isinstance(names, str) or "," in names:
        return pytest.param(*case)
    return pytest.param(case)
