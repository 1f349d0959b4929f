"""Encode what the tests send to the program, and find what both know by name."""

import builtins

from _remote import CannotJudge, Mirror, info_of, is_remote
from _wire import SHARED_MODULES, Packer, find_standard

# Modules of the standard library that do something when they are imported.
_NOT_IMPORTED = frozenset(
    "antigravity this turtle turtledemo tkinter idlelib test lib2to3 ensurepip venv pydoc".split()
)
_PURE = frozenset(
    "abs all any ascii bin callable chr divmod format hash hex iter len max min next oct ord pow"
    " repr round sorted sum Ellipsis NotImplemented".split()
)


class Request(Packer):
    """Packs the values that the tests send to the program."""

    def __init__(self, link):
        super().__init__()
        self.link = link

    def number(self, value):
        return self.link.number_of(value)

    def other(self, value, depth):
        if type(value) is Place:
            return [value.tag, value.place]
        if type(value) is Mirror:
            return ["class", info_of(value).place]
        if is_remote(value):
            return ["object", value._cope_place]
        path = standard_path(value)
        if path:
            return ["name", path]
        if isinstance(value, BaseException) and standard_path(type(value)):
            args = [self.pack(part, depth + 1) for part in value.args]
            return ["error", [standard_path(type(value)), args]]
        if type(value).__name__ == "traceback":
            return None
        name = str(getattr(value, "__name__", type(value).__name__))
        if type(value).__module__ == "tests":  # a class of the test's own
            return ["test_object", [self.link.offer(value), name]]
        if hasattr(type(value), "__next__"):
            return ["iterator", [self.link.offer(value), name]]
        if callable(value):
            return ["function", [self.link.offer(value), name]]
        raise CannotJudge(f"a {type(value).__name__} cannot be handed to the program")


class Place:
    """A class of the program, of which only a number is known, or a standard library's name."""

    def __init__(self, place, tag="class"):
        self.place, self.tag = place, tag


def standard_path(value):
    """Return the path by which the program finds the same object of the standard library."""
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or "." in name:
        return None
    try:
        path = f"{module}.{name}"
        return path if find_standard(path) is value else None
    except (LookupError, AttributeError, ImportError):
        return None


def named_value(path):
    module, _, name = str(path).rpartition(".")
    if module == "builtins":
        value = getattr(builtins, name)
        if not isinstance(value, type) and name not in _PURE:
            raise ValueError(path)
        return value
    if module.partition(".")[0] in _NOT_IMPORTED:
        raise ValueError(path)
    value = find_standard(path)
    if not isinstance(value, type):
        raise ValueError(path)
    if not issubclass(value, BaseException) and module not in SHARED_MODULES:
        raise ValueError(path)
    return value
