"""Check the arguments of public functions, so that a wrong one is an error with a remedy."""

import math
from numbers import Integral, Real

from ..errors import CopeError
from .text import printable, shorten

_MAX_VALUE_CHARS = 60


def check_argument(
    name: str, value: object, kinds: type | tuple[type, ...], remedy: str, *, optional: bool = False
) -> None:
    """Raise an error unless an argument is of a type.

    Args:
        name: the argument's name, with its function or class, as in `Cascade(team)`.
        value: the argument.
        kinds: its type, or several.
        remedy: what to give instead.
        optional: whether None is allowed.

    Raises:
        CopeError: with the name, the value and the remedy.

    >>> check_argument("Cascade(team)", "large", dict, "a Team")
    Traceback (most recent call last):
    ...
    cope.errors.CopeError: Cascade(team) is 'large': give a Team
    """
    if isinstance(value, kinds) or (optional and value is None):
        return
    raise _error(name, value, remedy)


def check_number(
    name: str,
    value: object,
    low: float,
    high: float = math.inf,
    *,
    whole: bool = False,
    optional: bool = False,
) -> None:
    """Raise an error unless an argument is a finite number in a range.

    Args:
        name: see `check_argument`.
        value: the argument.
        low: the lowest number allowed.
        high: the highest number allowed.
        whole: whether it must be an integer.
        optional: whether None is allowed.

    Raises:
        CopeError: with the name, the value and the range.
    """
    if optional and value is None:
        return
    kind = Integral if whole else Real
    if isinstance(value, kind) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and low <= number <= high:
            return
    what = "a whole number" if whole else "a number"
    limits = f"from {low:g} to {high:g}"
    if math.isinf(low):
        limits = ""
    elif math.isinf(high):
        limits = f"of {low:g} or more"
    raise _error(name, value, f"{what} {limits}".rstrip())


def _error(name: str, value: object, remedy: str) -> CopeError:
    if isinstance(value, type):
        shown = f"the class {value.__name__}"
    elif value is None or isinstance(value, str | int | float):
        shown = repr(value)
    else:
        shown = f"a {type(value).__name__}"
    return CopeError(f"{name} is {shorten(printable(shown), _MAX_VALUE_CHARS)}: give {remedy}")
