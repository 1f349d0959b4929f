r"""Decide whether two short answers are equal as mathematics, and group equal answers.

The plain cases (numbers, words, options, lists of numbers) are decided by their normal forms. Only
other pairs, such as ``\frac{\sqrt{3}}{3}`` and ``1/\sqrt{3}``, go to math-verify, in a child
process that may hang or die without harm.
"""

import asyncio
import atexit
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import TypeVar

from .algebra_process import AlgebraProcess
from .normalize import MAX_CHARS, normalize
from .quantity import is_prose
from .solutions import named_values
from .verbatim import is_verbatim

__all__ = ["equal", "equal_async", "equal_by_normal_form", "group_equal", "group_equal_async"]

TIMEOUT = 5.0
"""Seconds for one comparison by algebra. What takes longer counts as not equal."""
_CACHE_SIZE = 4096

_NUMBER = re.compile(r"-?\d+(?:/\d+)?")
_NUMBERS = re.compile(rf"(\(|\[|\\\{{)?({_NUMBER.pattern}(?:, {_NUMBER.pattern})+)(\)|\]|\\\}})?")
_BASED = re.compile(r"(\d+)_(?:\{(\d+)\}|(\d))")

_Result = TypeVar("_Result")
_lock = threading.Lock()
_verdicts: "OrderedDict[tuple[str, str], bool | float]" = OrderedDict()
_algebra = AlgebraProcess()
_executor: ThreadPoolExecutor | None = None
_leaked_after_fork: list[AlgebraProcess] = []


def equal_by_normal_form(a: str, b: str) -> bool | None:
    """Compare by normal form alone.

    Returns:
        True for the same normal form; False where both are plain and differ (numbers, words,
        options, lists of numbers) or one is too long to analyze; None where only algebra can
        decide.

    Example:
        >>> equal_by_normal_form("0.5", "1/2"), equal_by_normal_form("x + 1", "1 + x")
        (True, None)
    """
    return _compare_forms(normalize(a), normalize(b))


def equal(a: str, b: str, *, timeout: float = TIMEOUT) -> bool:
    r"""Compare two answers as mathematics; symmetric in its arguments.

    Numbers are compared exactly, so 0.33 is not 1/3. Algebra accepts a decimal for an irrational
    number when it agrees to six places, sets in any order, an interval for its inequality, and a
    list with or without brackets.

    Args:
        a: One answer, as `parse_answer` gives it or as a data set states it.
        b: The other.
        timeout: Seconds for the algebra; an answer that takes longer counts as not equal.

    Raises:
        CopeError: math-verify cannot be run at all.

    Example:
        >>> equal(r"\frac{\sqrt{3}}{3}", "1/sqrt(3)")
        True
    """
    return _equal_forms(normalize(a), normalize(b), timeout)


async def equal_async(a: str, b: str, *, timeout: float = TIMEOUT) -> bool:  # noqa: ASYNC109
    """Compare like `equal`, without blocking the event loop."""
    by_form = equal_by_normal_form(a, b)
    if by_form is not None:
        return by_form
    return await _in_thread(lambda: equal(a, b, timeout=timeout))


def group_equal(answers: Sequence[str | None], *, timeout: float = TIMEOUT) -> list[int | None]:
    """Number the classes of equal answers in order of first appearance; None stays None.

    Every pair of different forms is compared and equal ones are joined, so the classes do not
    depend on the order, also where equality is not transitive (two decimals that both round the
    same root).

    Example:
        >>> group_equal(["1/2", None, "3", "0.5", "$3$"])
        [0, None, 1, 0, 1]
    """
    forms = [None if a is None else normalize(a) for a in answers]
    distinct = list(dict.fromkeys(f for f in forms if f is not None))
    root = {f: f for f in distinct}
    for x, y in combinations(distinct, 2):
        if root[x] != root[y] and _equal_forms(x, y, timeout):
            old, new = root[y], root[x]
            for form in distinct:
                if root[form] == old:
                    root[form] = new
    index: dict[str, int] = {}
    groups: list[int | None] = []
    for form in forms:
        if form is None:
            groups.append(None)
        else:
            groups.append(index.setdefault(root[form], len(index)))
    return groups


async def group_equal_async(
    answers: Sequence[str | None],
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109
) -> list[int | None]:
    """Group like `group_equal`, without blocking the event loop when algebra is needed."""
    distinct = dict.fromkeys(normalize(a) for a in answers if a is not None)
    for x, y in combinations(distinct, 2):
        if _compare_forms(x, y) is None and _cached_verdict(_ordered(x, y), timeout) is None:
            return await _in_thread(lambda: group_equal(answers, timeout=timeout))
    return group_equal(answers, timeout=timeout)


def _compare_forms(x: str, y: str) -> bool | None:
    if x == y:
        return True
    if not x or not y or len(x) > MAX_CHARS or len(y) > MAX_CHARS:
        return False
    aligned = align_names(x, y)
    if aligned is None:
        return False
    x, y = aligned
    if x == y:
        return True
    kinds = {_form_kind(x), _form_kind(y)}
    if "words" in kinds:
        return False
    if kinds == {"list"}:
        return _equal_lists(x, y)
    if kinds == {"based"} or kinds <= {"number", "letter", "list"}:
        return False
    if kinds == {"based", "number"}:
        # "What is 42 in base 8?" is answered with and without the base.
        return x.partition("_")[0] == y.partition("_")[0]
    return None


def align_names(x: str, y: str) -> tuple[str, str] | None:
    """Return two forms to compare by value where they name unknowns; None when the names differ.

    Named values are a tuple in the order of their names, so "x=5, y=8" is compared with "(5, 8)".

    >>> align_names("x=8, y=5", "(5, 8)"), align_names("x=8, y=5", "a=8, b=5")
    (('(8, 5)', '(5, 8)'), None)
    """
    first, second = named_values(x), named_values(y)
    if first is None and second is None:
        return x, y
    if first is not None and second is not None:
        return (_tuple_form(first), _tuple_form(second)) if first.keys() == second.keys() else None
    left = x if first is None else _tuple_form(first)
    right = y if second is None else _tuple_form(second)
    return _parenthesized(left), _parenthesized(right)


def _tuple_form(values: dict[str, str]) -> str:
    return normalize("(" + ", ".join(values.values()) + ")")


def _parenthesized(form: str) -> str:
    return form if form.startswith("(") or "," not in form else f"({form})"


def _form_kind(form: str) -> str:
    if _NUMBER.fullmatch(form):
        return "number"
    if len(form) == 1:
        return "letter" if form.isalpha() else "words"
    if _NUMBERS.fullmatch(form):
        return "list"
    if _BASED.fullmatch(form):
        return "based"
    return "words" if is_prose(form) or is_verbatim(form) else "mathematics"


def _equal_lists(x: str, y: str) -> bool:
    """Compare two lists of numbers. A bare list may be a set or a tuple; unlike brackets differ."""
    first, second = _NUMBERS.fullmatch(x), _NUMBERS.fullmatch(y)
    assert first and second
    brackets = {(first[1] or "") + (first[3] or ""), (second[1] or "") + (second[3] or "")}
    if brackets <= {"", "\\{\\}"}:
        return sorted(first[2].split(", ")) == sorted(second[2].split(", "))
    return brackets in ({"", "()"}, {"", "[]"}) and first[2] == second[2]


def _equal_forms(x: str, y: str, timeout: float) -> bool:
    by_form = _compare_forms(x, y)
    if by_form is not None:
        return by_form
    aligned = align_names(x, y)
    pair = _ordered(*(aligned or (x, y)))
    verdict = _cached_verdict(pair, timeout)
    if verdict is None:
        verdict = _algebra.compare(*pair, timeout)
        with _lock:
            _verdicts[pair] = float(timeout) if verdict is None else verdict
            while len(_verdicts) > _CACHE_SIZE:
                _verdicts.popitem(last=False)
    return verdict is True


def _ordered(x: str, y: str) -> tuple[str, str]:
    """Return a pair in alphabetical order, the key of its verdict."""
    return (x, y) if x < y else (y, x)


def _cached_verdict(pair: tuple[str, str], timeout: float) -> bool | None:
    """Return an earlier verdict; None when there is none, or more time may give another."""
    with _lock:
        verdict = _verdicts.get(pair)
        if verdict is not None:
            _verdicts.move_to_end(pair)
    if verdict is None or isinstance(verdict, bool):
        return verdict
    # A float means that the comparison timed out after so many seconds: repeat it only with more.
    return False if timeout <= verdict else None


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    """Run in our own thread: comparisons are serial and must not fill the loop's shared pool."""
    global _executor
    with _lock:
        if _executor is None:
            _executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cope-equal")
        worker = _executor
    return await asyncio.get_running_loop().run_in_executor(worker, work)


def _after_fork() -> None:
    """Reset the state in a forked process, which copies our pipes but none of our threads."""
    global _algebra, _executor, _lock
    _leaked_after_fork.append(
        _algebra
    )  # collecting it would touch pipes whose locks no thread will release
    _algebra, _executor, _lock = AlgebraProcess(), None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(lambda: _algebra.close())
