"""The special methods of the program's objects, and the classes that have them.

Truth, length, hash, text and operators are the program's own. Equality and order with a value of
the tests are requested in a way that a program cannot pass by agreeing with everything. Where that
is not possible, the test fails with "cannot be compared".
"""

from abc import ABCMeta

from _compare import checked, contains, equal, link_of, ordered, unequal
from _iterators import awaited, next_item
from _remote import Info, Mirror, Remote, info_of
from _wire import IMMUTABLE

_FORWARD = "add sub mul truediv floordiv mod matmul and or xor lshift rshift"
_ORDER = ("lt", "le", "gt", "ge")
_UNARY = "neg pos abs invert int float complex index bytes reversed hash bool len iter"


def _binary(name):
    def method(self, other):
        return checked(self, name, self, other)

    return method


def _reflected(name):
    def method(self, other):
        return checked(self, name, other, self)

    return method


def _unary(name):
    def method(self):
        return link_of(self).ask("op", name, self)

    return method


_METHODS: dict = {name: _unary(name) for name in _UNARY.split()}
for _name in _FORWARD.split():
    _METHODS[_name] = _binary(_name + "_" * (_name in ("and", "or")))
    _METHODS["r" + _name] = _reflected(_name + "_" * (_name in ("and", "or")))
    _METHODS["i" + _name] = _binary("i" + _name)
_METHODS |= {name: ordered(name) for name in _ORDER}
_METHODS |= {
    "eq": equal,
    "ne": unequal,
    "contains": contains,
    "next": next_item,
    "call": lambda self, *args, **kwargs: link_of(self).ask("call", self, args, kwargs),
    "getitem": lambda self, key: link_of(self).ask("op", "getitem", self, key),
    "setitem": lambda self, key, value: link_of(self).ask("op", "setitem", self, key, value),
    "delitem": lambda self, key: link_of(self).ask("op", "delitem", self, key),
    "pow": lambda self, other, *m: (
        link_of(self).ask("op", "pow", self, other, *m) if m else checked(self, "pow", self, other)
    ),
    "rpow": lambda self, other: checked(self, "pow", other, self),
    "divmod": lambda self, other: checked(self, "divmod", self, other),
    "rdivmod": lambda self, other: checked(self, "divmod", other, self),
    "round": lambda self, *digits: link_of(self).ask("op", "round", self, *digits),
    "trunc": lambda self: link_of(self).ask("special", self, "__trunc__"),
    "floor": lambda self: link_of(self).ask("special", self, "__floor__"),
    "ceil": lambda self: link_of(self).ask("special", self, "__ceil__"),
    "await": awaited,
    "aiter": lambda self: link_of(self).ask("special", self, "__aiter__"),
    "anext": lambda self: link_of(self).ask("special", self, "__anext__"),
    "aenter": lambda self: link_of(self).ask("special", self, "__aenter__"),
    "aexit": lambda self, *error: link_of(self).ask("special", self, "__aexit__", *error),
    "enter": lambda self: link_of(self).ask("special", self, "__enter__"),
    "exit": lambda self, *error: link_of(self).ask("special", self, "__exit__", *error),
    "repr": lambda self: link_of(self).ask("op", "repr", self),
    "str": lambda self: link_of(self).ask("op", "str", self),
    "format": lambda self, how: link_of(self).ask("op", "format", self, how),
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
    "__setattr__": lambda self, name, value: link_of(self).ask("set", self, name, value),
}
_ERROR_METHODS = {
    "__getattribute__": _error_attribute,
    "__str__": lambda self: self._cope_text,
    "__setattr__": lambda self, name, value: (
        BaseException.__setattr__(self, name, value)
        if hasattr(BaseException, name)
        else link_of(self).ask("set", self, name, value)
    ),
}


def make_class(link, place, description):
    """Return the class that represents a class of the program."""
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
