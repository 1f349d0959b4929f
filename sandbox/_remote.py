"""Proxies in the tests' process for objects of the program's process.

A class of the program has a proxy class, whose instances request attributes and special methods
from the program's process. `_methods.py` contains the special methods.
"""

import builtins
import types

from _wire import find_standard, mro

_CONTAINERS = (list, dict, set, bytearray)
_VALUES = ("int", "str", "float", "tuple", "bytes", "frozenset", "complex")
_CLASSES = {
    "function": types.FunctionType,
    "generator": types.GeneratorType,
    "method": types.MethodType,
    "builtin_function_or_method": types.BuiltinFunctionType,
    "module": types.ModuleType,
    "code": types.CodeType,
}


class CannotCompare(BaseException):
    """A comparison whose result the program would decide."""


class CannotJudge(BaseException):
    """A test that cannot be run: an error of the test, not of the program."""


class Info:
    """The description of a class of the program."""

    def __init__(self, link, place, description):
        name, path, standard, own_equality, methods, own, base, bases = description
        self.link, self.place, self.name, self.path = link, place, name, path
        self.standard, self.own_equality = standard, own_equality
        self.methods, self.own = set(methods), set(own)
        self.base = getattr(builtins, base) if base in _VALUES else None
        self.bases = bases
        self.named = False  # whether the tests name the class


def info_of(kind):
    return type.__getattribute__(kind, "_cope_info")


def is_remote(value):
    """Return whether a value represents an object of the program."""
    return isinstance(type(value), Mirror) or type(value) is Mirror


class Mirror(type):
    """The class of the classes that represent classes of the program."""

    _internal = False

    def __new__(mcs, name, bases, space):
        if "_cope_info" not in space and name != "Remote":
            raise CannotJudge(f"a subclass of the program's {bases[0]!r} cannot be made in a test")
        return type.__new__(mcs, name, bases, space)

    def __call__(cls, *args, **kwargs):
        return info_of(cls).link.ask("call", cls, args, kwargs)

    def __getattribute__(cls, name):
        if name in _OF_TYPES or name.startswith("_cope"):
            return type.__getattribute__(cls, name)
        return info_of(cls).link.ask("attr", cls, name)

    def __setattr__(cls, name, value):
        info_of(cls).link.ask("set", cls, name, value)

    def __delattr__(cls, name):
        info_of(cls).link.ask("del", cls, name)

    def __instancecheck__(cls, value):
        if type.__instancecheck__(cls, value):
            return True
        return is_remote(value) and info_of(cls).link.ask("op", "isinstance", value, cls)

    def __iter__(cls):
        return iter(info_of(cls).link.ask("op", "iter", cls))

    def __len__(cls):
        return info_of(cls).link.ask("op", "len", cls)

    def __bool__(cls):
        return True

    def __getitem__(cls, key):
        return info_of(cls).link.ask("op", "getitem", cls, key)

    def __contains__(cls, value):
        return info_of(cls).link.ask("op", "contains", cls, value)

    def __repr__(cls):
        return info_of(cls).link.ask("op", "repr", cls)


_OF_TYPES = frozenset(
    "__mro__ __bases__ __base__ __class__ __dict__ __basicsize__ __itemsize__ __flags__ mro"
    " __subclasses__ __instancecheck__ __subclasscheck__ __abstractmethods__ __name__ __qualname__"
    " __module__ __new__ __init__ __init_subclass__ __eq__ __hash__ __copy__ __deepcopy__"
    " __subclasshook__ __reduce_ex__ __getattribute__ __setattr__ __delattr__ __traceback__"
    " __context__ __cause__ __del__ __weakref__ __iter__ __next__ __len__ __call__ __contains__"
    " __getitem__ __reversed__ __await__ __str__ __repr__ __index__ __int__ __float__ __bool__"
    " __enter__ __exit__ __class_getitem__ __mro_entries__".split()
)


class Remote(metaclass=Mirror):
    """An object of the program."""

    _cope_info = None

    def __getattribute__(self, name):
        if name.startswith("_cope"):
            return object.__getattribute__(self, name)
        info = info_of(type(self))
        if name == "__class__":
            return _real_class(info) or type(self)
        if name in ("__copy__", "__deepcopy__"):
            return object.__getattribute__(self, name)
        return info.link.ask("attr", self, name)

    def __setattr__(self, name, value):
        info_of(type(self)).link.ask("set", self, name, value)

    def __delattr__(self, name):
        info_of(type(self)).link.ask("del", self, name)

    def __copy__(self):
        return info_of(type(self)).link.ask("call", find_standard("copy.copy"), (self,), {})

    def __deepcopy__(self, memo):
        return info_of(type(self)).link.ask("call", find_standard("copy.deepcopy"), (self,), {})

    def __repr__(self):
        return info_of(type(self)).link.ask("op", "repr", self)

    def __str__(self):
        return info_of(type(self)).link.ask("op", "str", self)

    def __format__(self, how):
        return info_of(type(self)).link.ask("op", "format", self, how)


def _real_class(info):
    """Return the class of this process that `isinstance` accepts for a class's objects."""
    if info.standard and info.name in _CLASSES:
        return _CLASSES[info.name]
    for base in info.bases:
        if base in _CONTAINERS:
            return base
        if type(base) is Mirror:
            return _real_class(info_of(base))
    return None


def is_named(kind):
    """Return whether the tests name a class of the program, or one that it extends."""
    kinds = (k for k in mro(kind) if type(k) is Mirror and info_of(k))
    return any(info_of(k).named for k in kinds)


def plain_value(value):
    """Return the immutable value that an instance of a subclass holds, without its methods."""
    base = info_of(type(value)).base
    if base in (tuple, frozenset):
        return base(base.__iter__(value))
    if base is str:
        return str.__str__(value)
    if base is int:
        return int.__int__(value)
    if base is float:
        return float.__float__(value)
    return base.__getitem__(value, slice(None)) if base is bytes else complex.__pos__(value)
