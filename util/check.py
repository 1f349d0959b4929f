"""Checks of the machine and of services, whose results `cope doctor` prints."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

CHECK_SECONDS = 2.0
"""The longest time of a check."""

_MARKS = {"ok": ("ok", "green"), "note": ("--", "yellow"), "missing": ("!!", "red")}
_NAME_WIDTH = 16


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: what was checked.
        status: `missing` keeps the default models from answering; a `note` does not.
        found: one or more lines for the user.
        advice: what to do; empty where nothing needs doing.
    """

    name: str
    status: Literal["ok", "note", "missing"]
    found: str
    advice: str = ""

    def lines(self, style: Callable[..., str]) -> list[str]:
        """Return the check as lines of a list; `style(text, fg=...)` colors a text."""
        mark, color = _MARKS[self.status]
        first, *more = self.found.splitlines()
        if self.advice:
            more.append(f"-> {self.advice}")
        lines = [f"{style(mark, fg=color)}  {self.name:<{_NAME_WIDTH}}{first}"]
        return lines + [f"    {'':<{_NAME_WIDTH}}{line}" for line in more]


def run_checks(checks: Mapping[str, Callable[[], Check | None]]) -> list[Check]:
    """Run checks in parallel, and return their results in the order of the checks.

    A check that fails is a note, because it must not hide the others.

    Args:
        checks: each by its name; one that returns None has nothing to say.
    """
    with ThreadPoolExecutor(len(checks)) as pool:
        results = list(pool.map(_run_check, checks, checks.values()))
    return [result for result in results if result is not None]


def _run_check(name: str, check: Callable[[], Check | None]) -> Check | None:
    try:
        return check()
    except Exception as error:
        return Check(name, "note", f"could not be checked ({type(error).__name__}: {error})")
