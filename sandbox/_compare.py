"""Compare the program's objects with values of the tests, without taking the program's word for it.

Where the program holds a number, text or container, its content decides, and the program's own
equality must agree. Otherwise an object is asked about the value among others that it must not
equal, or the test fails with "cannot be compared".
"""

import operator
import random
import secrets

from _decoys import decoys, strangers
from _remote import CannotCompare, info_of, is_named, is_remote, plain_value

_VARYING = ("sub", "add", "truediv", "mul")  # give another result for another number
_HUGE = 10**40
_NATURAL: dict = {**vars(operator), "divmod": divmod}


def link_of(value):
    return info_of(type(value)).link


def checked(remote, name, left, right):
    """Return an operator's result, unless the program could choose it to please the test."""
    other = right if remote is left else left
    result = link_of(remote).ask("op", name, left, right)
    if is_remote(other) or _has_remote(result) or not isinstance(other, (int, float)):
        return result
    if is_named(type(remote)):
        if name not in _VARYING or (name == "mul" and not result):  # zero times anything
            return result
        others = [other + secrets.randbits(20) + 1, other - secrets.randbits(20) - 1]
        if any(_result(remote, name, left, right, o) != result for o in others):
            return result
    elif info_of(type(remote)).base and _same(_natural(remote, name, left, right), result):
        return result
    raise CannotCompare(why(remote, name))


def _has_remote(value):
    return is_remote(value) or (type(value) is tuple and any(map(is_remote, value)))


def _result(remote, name, left, right, other):
    """Return what an operator gives for another number; None when it raises an error."""
    operands = (left, other) if remote is left else (other, right)
    try:
        return link_of(remote).ask("op", name, *operands)
    except Exception:
        return None


def _same(a, b):
    return type(a) is type(b) and a == b


def _natural(remote, name, left, right):
    """Return what an operator gives for the values that the operands hold."""
    left = plain_value(left) if remote is left else left
    right = plain_value(right) if remote is right else right
    try:
        return _NATURAL[name](left, right)
    except Exception:
        return NotImplemented


def ordered(name):
    """Return the method for `<`, `<=`, `>` or `>=`."""
    farthest = -_HUGE if name in ("lt", "le") else _HUGE

    def method(self, other):
        result = link_of(self).ask("op", name, self, other)
        if is_remote(other):
            return result
        if info_of(type(self)).base and _natural(self, name, self, other) is result:
            return result
        number = isinstance(other, (int, float))
        if is_named(type(self)) and not (result and number and _holds(self, name, farthest)):
            return result
        raise CannotCompare(why(self, name))

    return method


def _holds(value, name, other):
    """Return whether the program says that something is so; an error says that it is not."""
    try:
        return link_of(value).ask("op", name, value, other) is True
    except Exception:
        return False


def why(value, name):
    return (
        f"cannot be compared: {info_of(type(value)).name} of the program defines its own '{name}'"
    )


def equal(self, other):
    """Return whether an object of the program equals another object or a value of the tests."""
    link, info = link_of(self), info_of(type(self))
    if is_remote(other):
        result = link.ask("equal", self, other)
        asked = result is True and self is not other and info.own_equality
        if result == "anything" or (asked and _holds(self, "eq", type(self))):
            raise CannotCompare(f"cannot be compared: {info.name} of the program equals anything")
        return result
    content = content_of(self)
    if content is not None and not info.own_equality:
        return content == other
    if content is not None and (content == other or _nearly_equal(content, other)):
        return link.ask("op", "eq", self, other)
    if content is None and is_named(type(self)):
        return _is_only_match(self, other)
    if _holds(self, "eq", other):
        raise CannotCompare(why(self, "eq"))
    return False


def content_of(value):
    """Return the number, text or container that an object is; None when it is none."""
    return plain_value(value) if info_of(type(value)).base else link_of(value).ask("plain", value)


def _nearly_equal(content, other):
    """Return whether an honest equality may hold: values differ by spelling, rounding or order."""
    if isinstance(content, str) and isinstance(other, str):
        return _letters(content) == _letters(other)
    if isinstance(content, (int, float)) and isinstance(other, (int, float)):
        return abs(content - other) <= 1e-3 * max(1, abs(content), abs(other))
    if isinstance(content, (list, tuple)) and isinstance(other, (list, tuple)):
        return sorted(map(repr, content)) == sorted(map(repr, other))
    return False


def _letters(text):
    return "".join(c for c in text.casefold() if c.isalnum()) or text


def unequal(self, other):
    """Return whether an object of the program differs from another object or a test's value."""
    if is_remote(other):
        return link_of(self).ask("op", "ne", self, other)
    result = not equal(self, other)
    asks = "ne" in info_of(type(self)).methods
    if asks and bool(link_of(self).ask("op", "ne", self, other)) != result:
        raise CannotCompare(why(self, "ne"))
    return result


def _is_only_match(self, other):
    """Compare an object with a value, among others that it must not equal, in random order."""
    candidates = [*decoys(other), other]
    random.Random(secrets.randbits(64)).shuffle(candidates)
    chosen = [candidate for candidate in candidates if _holds(self, "eq", candidate)]
    if len(chosen) > 1 and any(candidate is other for candidate in chosen):
        name = info_of(type(self)).name
        raise CannotCompare(f"cannot be compared: {name} of the program equals several values")
    return len(chosen) == 1 and chosen[0] is other


def contains(self, value):
    """Return whether an object of the program contains a value."""
    result = link_of(self).ask("op", "contains", self, value)
    info = info_of(type(self))
    if not result or info.standard or is_remote(value):
        return result
    content = content_of(self)
    if content is not None:
        believed = _contains(content, value)
    else:
        believed = not all(_holds(self, "contains", stranger) for stranger in strangers(value))
    if not believed:
        raise CannotCompare(f"cannot be compared: {info.name} of the program contains anything")
    return result


def _contains(content, value):
    try:
        return value in content
    except TypeError:
        return False
