"""Encode the program's replies, whose values are data or numbers of objects that stay here."""

# pyright: reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportOptionalCall=false, reportOptionalSubscript=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false

import builtins

__builtins__ = dict(vars(builtins))  # what a program does to the builtins is its own

from _callbacks import Function, Iterator, TestObject
from _wire import IMMUTABLE, SHARED_MODULES, Packer, is_standard, mro, type_path

try:  # importing json takes as long as all the rest
    from _json import encode_basestring_ascii as quoted, make_scanner
except ImportError:
    from json.encoder import encode_basestring_ascii as quoted
    from json.scanner import make_scanner

_AWAITABLE = ("coroutine", "async_generator_asend", "async_generator_athrow")
_PURE = (
    "abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter"
    " float format frozenset hash hex int iter len list map max memoryview min next object oct ord"
    " pow range repr reversed round set slice sorted str sum tuple type zip"
)
_SHARED_NAMES = frozenset(_PURE.split())


class Reply(Packer):
    """Packs a reply."""

    def __init__(self, program):
        super().__init__()
        self.program = program

    def number(self, value):
        return self.program.number_of(value)

    def other(self, value, depth):
        program, kind = self.program, type(value)
        if kind in (Function, Iterator, TestObject):
            return ["yours", object.__getattribute__(value, "_call")[1]]
        if value is ... or value is NotImplemented:
            return ["name", "builtins.Ellipsis" if value is ... else "builtins.NotImplemented"]
        if isinstance(value, type):
            return self.type_reference(value)
        if kind is type(len) and value.__name__ in _SHARED_NAMES:
            if vars(builtins).get(value.__name__) is value:
                return ["name", "builtins." + value.__name__]
            return ["object", [program.keep(value), program.keep(kind)]]
        kinds = mro(kind)
        if BaseException in kinds:
            return self.exception(value, depth)
        place = [program.keep(value), program.keep(kind)]
        if kind.__name__ in _AWAITABLE and kind.__module__ == "builtins":
            return ["coroutine", place]
        for base in IMMUTABLE:
            if base in kinds:
                plain = base.__int__(value) if base is int else plain_copy(base, value)
                return ["value", [*place, self.pack(plain, depth + 1)]]
        return ["object", place]

    def type_reference(self, kind):
        path = type_path(kind)
        known = path.startswith("builtins.") and getattr(builtins, path[9:], None) is kind
        shared = BaseException in mro(kind) or path.rpartition(".")[0] in SHARED_MODULES
        if known or (shared and is_standard(kind, path)):
            return ["name", path]
        return ["class", self.program.keep(kind)]

    def exception(self, error, depth):
        """Return an exception with its class, arguments, text and attributes."""
        try:
            text = str(error)[:2000]
        except BaseException:
            text = ""
        try:
            args = error.args
            if isinstance(error, OSError) and len(args) == 2 and error.filename is not None:
                args = (*args, error.filename)
            args = [self.pack(part, depth + 1) for part in args]
        except Exception:
            args = [text]
        kind, attributes = self.type_reference(type(error)), None
        if kind[0] == "name" and not kind[1].startswith("builtins."):
            attributes = self.pack(dict(error.__dict__), depth + 1)
        cause = error.__cause__
        cause = None if cause is None or depth > 3 else self.exception(cause, depth + 1)
        return ["error", [self.program.keep(error), kind, args, text, attributes, cause]]


def plain_copy(base, value):
    """Return the value that an instance of a subclass holds as its base, without its methods."""
    if base is str:
        return str.__str__(value)
    if base is float:
        return float.__float__(value)
    if base is complex:
        return complex.__pos__(value)
    return base(base.__iter__(value))


class Syntax:
    """How the scanner of JSON reads."""

    strict, object_hook, object_pairs_hook, memo = False, None, None, {}
    parse_float, parse_int, parse_constant = float, int, float


scan = make_scanner(Syntax)


def parse(line):
    """Return the request in a line of JSON."""
    return scan(line if type(line) is str else line.decode(), 0)[0]


def as_json(packed):
    """Return packed data as JSON."""
    if packed is None or packed is True or packed is False:
        return {None: "null", True: "true", False: "false"}[packed]
    if type(packed) is str:
        return quoted(packed)
    if type(packed) is list:
        return "[" + ",".join(map(as_json, packed)) + "]"
    return int.__repr__(packed) if type(packed) is int else float.__repr__(packed)
