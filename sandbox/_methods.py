"""The special methods of the program's objects, and the classes that have them.

Truth, length, hash, text and operators are the program's own. Equality and order with a value of
the tests are requested in a way that a program cannot pass by agreeing with everything. Where that
is not possible, the test fails with "cannot be compared".
"""

import operator
import random
import secrets
from abc import ABCMeta

from _decoys import decoys, strangers
from _iterators import awaited, next_item
from _remote import CannotCompare, Info, Mirror, Remote, info_of, is_named, is_theirs, plain_value
from _wire import IMMUTABLE

_FORWARD = "add sub mul truediv floordiv mod matmul and or xor lshift rshift"
_ORDER = ("lt", "le", "gt", "ge")
_UNARY = "neg pos abs invert int float complex index bytes reversed hash bool len iter"


def _link(value):
    return info_of(type(value)).link


def _binary(name):
    def method(self, other):
        return _checked(self, name, self, other)

    return method


def _reflected(name):
    def method(self, other):
        return _checked(self, name, other, self)

    return method


def _checked(theirs, name, left, right):
    """Return an operator's result, unless the program could choose it to please the test."""
    other = right if theirs is left else left
    result = _link(theirs).ask("op", name, left, right)
    if (
        is_theirs(other)
        or is_theirs(result)
        or is_named(type(theirs))
        or not isinstance(other, (int, float))
    ):
        return result
    if info_of(type(theirs)).base:
        expected = _natural(theirs, name, left, right)
        if type(expected) is type(result) and expected == result:
            return result
    raise CannotCompare(_why(theirs, name))


def _natural(theirs, name, left, right):
    """Return what an operator gives for the values that the operands hold."""
    left = plain_value(left) if theirs is left else left
    right = plain_value(right) if theirs is right else right
    try:
        return getattr(operator, name)(left, right)
    except Exception:
        return NotImplemented


def _order(name):
    def method(self, other):
        result = _link(self).ask("op", name, self, other)
        if is_theirs(other) or is_named(type(self)):
            return result
        if info_of(type(self)).base and _natural(self, name, self, other) is result:
            return result
        raise CannotCompare(_why(self, name))

    return method


def _why(value, name):
    return (
        f"cannot be compared: {info_of(type(value)).name} of the program defines its own '{name}'"
    )


def _unary(name):
    def method(self):
        return _link(self).ask("op", name, self)

    return method


def _equal(self, other):
    link, info = _link(self), info_of(type(self))
    if is_theirs(other):
        result = link.ask("equal", self, other)
        believed = result is not True or self is other or not info.own_equality
        if result == "anything" or not (believed or _differs(self, type(self))):
            raise CannotCompare(f"cannot be compared: {info.name} of the program equals anything")
        return result
    content = plain_value(self) if info.base else link.ask("plain", self)
    if content is not None and not info.own_equality:
        return content == other
    if content is not None and (content == other or _nearly_equal(content, other)):
        return link.ask("op", "eq", self, other)
    if content is None and is_named(type(self)):
        return _is_only_match(self, other)
    raise CannotCompare(_why(self, "eq"))


def _differs(value, other):
    """Return whether the program does not call two things equal, which surely differ."""
    try:
        return _link(value).ask("op", "eq", value, other) is not True
    except Exception:
        return True


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


def _not_equal(self, other):
    if is_theirs(other):
        return _link(self).ask("op", "ne", self, other)
    unequal = not _equal(self, other)
    if (
        "ne" in info_of(type(self)).methods
        and bool(_link(self).ask("op", "ne", self, other)) != unequal
    ):
        raise CannotCompare(_why(self, "ne"))
    return unequal


def _is_only_match(self, other):
    """Compare an object with a value, among others that it must not equal, in random order."""
    candidates = [*decoys(other), other]
    random.Random(secrets.randbits(64)).shuffle(candidates)
    answers = []
    for candidate in candidates:
        try:
            answers.append(_link(self).ask("op", "eq", self, candidate) is True)
        except Exception:
            answers.append(False)
    chosen = [c for c, answer in zip(candidates, answers, strict=True) if answer]
    if len(chosen) > 1 and any(c is other for c in chosen):
        name = info_of(type(self)).name
        raise CannotCompare(f"cannot be compared: {name} of the program equals several values")
    return len(chosen) == 1 and chosen[0] is other


def _contains(self, value):
    link = _link(self)
    result = link.ask("op", "contains", self, value)
    if (
        result
        and not info_of(type(self)).standard
        and all(_holds(self, value) for value in strangers())
    ):
        name = info_of(type(self)).name
        raise CannotCompare(f"cannot be compared: {name} of the program contains anything")
    return result


def _holds(self, value):
    try:
        return _link(self).ask("op", "contains", self, value)
    except Exception:
        return False


_METHODS: dict = {name: _unary(name) for name in _UNARY.split()}
for _name in _FORWARD.split():
    _METHODS[_name] = _binary(_name + "_" * (_name in ("and", "or")))
    _METHODS["r" + _name] = _reflected(_name + "_" * (_name in ("and", "or")))
    _METHODS["i" + _name] = _binary("i" + _name)
_METHODS |= {name: _order(name) for name in _ORDER}
_METHODS |= {
    "eq": _equal,
    "ne": _not_equal,
    "contains": _contains,
    "next": next_item,
    "call": lambda self, *args, **kwargs: _link(self).ask("call", self, args, kwargs),
    "getitem": lambda self, key: _link(self).ask("op", "getitem", self, key),
    "setitem": lambda self, key, value: _link(self).ask("op", "setitem", self, key, value),
    "delitem": lambda self, key: _link(self).ask("op", "delitem", self, key),
    "pow": lambda self, other, *m: _link(self).ask("op", "pow", self, other, *m),
    "rpow": lambda self, other: _link(self).ask("op", "pow", other, self),
    "divmod": lambda self, other: _link(self).ask("op", "divmod", self, other),
    "rdivmod": lambda self, other: _link(self).ask("op", "divmod", other, self),
    "round": lambda self, *digits: _link(self).ask("op", "round", self, *digits),
    "trunc": lambda self: _link(self).ask("special", self, "__trunc__"),
    "floor": lambda self: _link(self).ask("special", self, "__floor__"),
    "ceil": lambda self: _link(self).ask("special", self, "__ceil__"),
    "await": awaited,
    "aiter": lambda self: _link(self).ask("special", self, "__aiter__"),
    "anext": lambda self: _link(self).ask("special", self, "__anext__"),
    "aenter": lambda self: _link(self).ask("special", self, "__aenter__"),
    "aexit": lambda self, *error: _link(self).ask("special", self, "__aexit__", *error),
    "enter": lambda self: _link(self).ask("special", self, "__enter__"),
    "exit": lambda self, *error: _link(self).ask("special", self, "__exit__", *error),
    "repr": lambda self: _link(self).ask("op", "repr", self),
    "str": lambda self: _link(self).ask("op", "str", self),
    "format": lambda self, how: _link(self).ask("op", "format", self, how),
}


def _value_attribute(self, name):
    info = info_of(type(self))
    natural = name not in info.own and name != "__doc__" and hasattr(info.base, name)
    if name.startswith("_cope") or natural:
        return object.__getattribute__(self, name)
    return info.link.ask("attr", self, name)


def _error_attribute(self, name):
    if name.startswith("_cope") or hasattr(BaseException, name):
        return object.__getattribute__(self, name)
    return info_of(type(self)).link.ask("attr", self, name)


_VALUE_METHODS = {
    "__getattribute__": _value_attribute,
    "__setattr__": lambda self, name, value: _link(self).ask("set", self, name, value),
}
_ERROR_METHODS = {
    "__getattribute__": _error_attribute,
    "__str__": lambda self: self._cope_text,
    "__setattr__": lambda self, name, value: (
        BaseException.__setattr__(self, name, value)
        if hasattr(BaseException, name)
        else _link(self).ask("set", self, name, value)
    ),
}


def make_class(link, place, description):
    """Return the class that stands for a class of the program."""
    info = Info(link, place, description)
    space = {"_cope_info": info, "__module__": "solution"}
    bases = [base for base in info.bases if _can_be_base(base)]
    is_error = any(issubclass(base, BaseException) for base in bases)
    if is_error:
        space.update(_ERROR_METHODS)
        bases = [base for base in bases if issubclass(base, BaseException)]
    elif info.base:
        space.update(_VALUE_METHODS)
        if not any(issubclass(base, info.base) for base in bases):
            bases.append(info.base)
    else:
        bases = [base for base in bases if issubclass(base, Remote)] or [Remote]
    for name in info.methods:
        if name.startswith("-"):
            space[f"__{name[1:]}__"] = None
        elif name in _METHODS and not (is_error and name in ("str", "repr")):
            space[f"__{name}__"] = _METHODS[name]
    if "eq" in info.methods and "hash" not in info.methods:
        space["__hash__"] = None if "-hash" in info.methods else _METHODS["hash"]
    try:
        made = type.__new__(Mirror, info.name, tuple(bases), space)
    except TypeError:  # bases that do not fit together here
        first = next((base for base in bases if not isinstance(base, Mirror)), Remote)
        made = type.__new__(Mirror, info.name, (first,), space)
    for base in info.bases:
        if isinstance(base, ABCMeta):
            base.register(made)
    return made


def _can_be_base(base):
    if type(base) is Mirror:
        return True
    return isinstance(base, type) and (base in IMMUTABLE or issubclass(base, BaseException))
