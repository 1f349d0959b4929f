"""Encode the values that cross between the tests' and the program's process as data only.

Used inside both processes, without the rest of the package. A value is a scalar, or a list that
starts with a tag: `["tuple", items]`, `["make", [path, parts]]` for values of the standard library,
`["object", [number, kind]]` for objects that remain in their process, and so on. Mutable containers
have a number as third part, by which both processes apply changes.
"""

# pyright: reportAttributeAccessIssue=false, reportCallIssue=false, reportArgumentType=false

__builtins__ = dict(vars(__import__("builtins")))  # what a program does to the builtins is its own

import sys
from _collections import OrderedDict, defaultdict, deque  # pyright: ignore[reportMissingImports]

MAX_DEPTH = 150
MAX_VALUES = 400_000  # values in one message

IMMUTABLE = (int, str, float, tuple, bytes, frozenset, complex)
# Modules whose classes are the same on both sides.
SHARED_MODULES = (
    *("collections", "collections.abc", "datetime", "decimal", "fractions", "numbers", "pathlib"),
    "uuid",
)

_PLAIN = {type(None), bool, str, int, float}
_DICTS = {dict, OrderedDict, defaultdict}
_MUTABLE = {list, set, bytearray, deque, *_DICTS}
_BY_NAME = {kind.__name__: kind for kind in _MUTABLE}
mro = type.__dict__["__mro__"].__get__  # a metaclass may say something else

# Types of the standard library whose values are copied: how to take them apart.
PARTS = {
    "decimal.Decimal": lambda v: [str(v)],
    "fractions.Fraction": lambda v: [v.numerator, v.denominator],
    "datetime.date": lambda v: [v.year, v.month, v.day],
    "datetime.datetime": lambda v: [
        *(v.year, v.month, v.day, v.hour, v.minute, v.second, v.microsecond),
        *(v.tzinfo, v.fold),
    ],
    "datetime.time": lambda v: [v.hour, v.minute, v.second, v.microsecond, v.tzinfo, v.fold],
    "datetime.timedelta": lambda v: [v.days, v.seconds, v.microseconds],
    "datetime.timezone": lambda v: [v.utcoffset(None)],
    "zoneinfo.ZoneInfo": lambda v: [v.key],
    "uuid.UUID": lambda v: [v.hex],
    "pathlib.PosixPath": lambda v: [str(v)],
    "pathlib.PurePosixPath": lambda v: [str(v)],
    "pathlib.PureWindowsPath": lambda v: [str(v)],
    "re.Pattern": lambda v: [v.pattern, v.flags],
    "ipaddress.IPv4Address": lambda v: [str(v)],
    "ipaddress.IPv6Address": lambda v: [str(v)],
    "types.MappingProxyType": lambda v: [dict(v)],
    "builtins.slice": lambda v: [v.start, v.stop, v.step],
    "builtins.memoryview": lambda v: [v.tobytes()],
    "builtins.dict_keys": lambda v: [list(v)],
    "builtins.dict_values": lambda v: [list(v)],
    "builtins.dict_items": lambda v: [[*v]],
}
# The same for those that can change, and the attribute that holds all that can.
_CHANGING = {
    "collections.Counter": (lambda v: [dict(v)], None),
    "array.array": (lambda v: [v.typecode, v.tolist()], None),
    "collections.UserList": (lambda v: [v.data], "data"),
    "collections.UserDict": (lambda v: [v.data], "data"),
    "collections.UserString": (lambda v: [v.data], "data"),
    "collections.ChainMap": (lambda v: [*v.maps], "maps"),
    "types.SimpleNamespace": (lambda v: [v.__dict__], None),
    "io.StringIO": (lambda v: [v.getvalue(), v.tell()], None),
    "io.BytesIO": (lambda v: [v.getvalue(), v.tell()], None),
}
_MODULES = {"_io": "io", "pathlib._local": "pathlib"}
_module_of = type.__dict__["__module__"].__get__
_name_of = type.__dict__["__name__"].__get__


def type_path(kind):
    """Return the module and name of a type, as the tables here write it."""
    module, name = _module_of(kind), _name_of(kind)
    if name in ("mappingproxy", "SimpleNamespace"):
        return "types.MappingProxyType" if name == "mappingproxy" else "types.SimpleNamespace"
    return f"{_MODULES.get(module, module) if type(module) is str else ''}.{name}"


def find_standard(path):
    """Return the object at a path of the standard library; raise LookupError without one."""
    module, _, name = path.rpartition(".")
    if module.partition(".")[0] not in sys.stdlib_module_names:
        raise LookupError(path)
    return getattr(__import__(module, fromlist=["_"]), name)


def is_standard(kind, path):
    """Return whether a type is the object at its path in the standard library."""
    if path.startswith("builtins.") or path == "types.MappingProxyType":
        return not kind.__flags__ & 1 << 9  # made by no class statement
    try:
        return find_standard(path) is kind
    except (LookupError, AttributeError, ImportError):
        return False


class Packer:
    """Packs one message. Subclasses define how to pack values that are not plain data."""

    def __init__(self):
        self.left = MAX_VALUES

    def other(self, value, depth):
        """Return the tagged form of a value that is not plain data, or raise TypeError."""
        raise TypeError(f"a {type(value).__name__} cannot be handed over")

    def number(self, value):
        """Return the number of a mutable container, and whether the other process has it."""
        return None, False

    def pack(self, value, depth=0):
        """Return a value as data."""
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            raise ValueError("the value is too large or too deep to be transferred")
        kind = type(value)
        if kind in _PLAIN:
            if kind is int and not -(1 << 63) < value < 1 << 63:
                return ["int", hex(value)]
            if kind is float and value - value != 0:
                return ["float", float.__repr__(value)]
            return value
        if kind in _MUTABLE:
            number, known = self.number(value)
            return ["shared", number] if known else self.content(value, number, depth)
        if kind is tuple or kind is frozenset:
            return [kind.__name__, [self.pack(item, depth + 1) for item in value]]
        if kind is bytes:
            return ["bytes", value.decode("latin-1")]
        if kind is complex:
            return ["complex", [self.pack(value.real), self.pack(value.imag)]]
        if kind is range:
            return ["range", [self.pack(part) for part in (value.start, value.stop, value.step)]]
        path = type_path(kind)
        if path in PARTS and is_standard(kind, path):
            return ["make", [path, [self.pack(part, depth + 1) for part in PARTS[path](value)]]]
        if path in _CHANGING and is_standard(kind, path):
            number, known = self.number(value)
            return ["shared", number] if known else self.content(value, number, depth)
        return self.other(value, depth)

    def content(self, value, number, depth):
        """Return a mutable container in its tagged form."""
        kind = type(value)
        if kind is bytearray:
            return ["bytearray", value.decode("latin-1"), number]
        if kind in _DICTS:
            pairs = [[self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in value.items()]
            if kind is defaultdict:
                pairs = [pairs, self.pack(value.default_factory, depth + 1)]
            return [kind.__name__, pairs, number]
        if kind in _MUTABLE:
            items = [self.pack(item, depth + 1) for item in value]
            return [kind.__name__, [items, value.maxlen] if kind is deque else items, number]
        path = type_path(kind)
        parts = [self.pack(part, depth + 1) for part in _CHANGING[path][0](value)]
        return ["make", [path, parts], number]


class Unpacker:
    """Unpacks messages. Subclasses define the tags of values that are not plain data."""

    def reference(self, tag, content):
        """Return the value of a tag that is not plain data, or raise ValueError."""
        raise ValueError(tag)

    def register(self, number, value):
        """Store a mutable container by its number."""

    def unpack(self, packed):
        """Return the value of packed data; from an untrusted sender it may be anything.

        Raises:
            ValueError, TypeError: when it is not such data.
        """
        if packed is None or type(packed) in (bool, int, float, str):
            return packed
        tag, content, *number = packed
        if tag in _BY_NAME or tag == "make":
            value = _made(tag, content, self.unpack)
            if number and type(number[0]) is int:
                self.register(number[0], value)
            return value
        if tag == "tuple":
            return tuple([self.unpack(item) for item in content])
        if tag == "frozenset":
            return frozenset([self.unpack(item) for item in content])
        if tag == "int":
            return int(content, 16)
        if tag == "float":
            return float(content)
        if tag == "complex":
            return complex(*(self.unpack(part) for part in content))
        if tag == "range":
            return range(*(self.unpack(part) for part in content))
        if tag == "bytes":
            return content.encode("latin-1")
        return self.reference(tag, content)


def _made(tag, content, unpack):
    """Return a new container or value of the standard library."""
    if tag == "make":
        path, parts = content
        return from_parts(path, [unpack(part) for part in parts])
    if tag == "bytearray":
        return bytearray(content.encode("latin-1"))
    if tag == "deque":
        items, longest = content
        return deque([unpack(item) for item in items], longest)
    kind = _BY_NAME[tag]
    if kind not in _DICTS:
        return kind([unpack(item) for item in content])
    pairs, factory = content if kind is defaultdict else (content, None)
    items = {unpack(key): unpack(value) for key, value in pairs}
    return defaultdict(unpack(factory), items) if kind is defaultdict else kind(items)


def from_parts(path, parts):
    """Return a value of the standard library."""
    if path not in PARTS and path not in _CHANGING:
        raise ValueError(path)
    if path == "builtins.dict_keys":
        return dict.fromkeys(*parts).keys()
    if path == "builtins.dict_values":
        return dict(enumerate(*parts)).values()
    if path == "builtins.dict_items":
        return dict(*parts).items()
    if path == "re.Pattern":
        return find_standard("re.compile")(*parts)
    kind = find_standard(path)
    if path == "types.SimpleNamespace":
        return kind(**parts[0])
    if path.startswith("io."):
        file = kind(parts[0])
        file.seek(parts[1])
        return file
    if path in ("datetime.datetime", "datetime.time"):
        return kind(*parts[:-1], fold=parts[-1])
    return kind(*parts)


def refill(value, filled):
    """Replace a container's content by that of another of its type."""
    kind = type(value)
    if kind in _DICTS or kind is set or kind.__name__ == "Counter":
        value.clear()
        value.update(filled)
    elif kind is deque:
        value.clear()
        value.extend(filled)
    elif kind in _MUTABLE or kind.__name__ == "array":
        value[:] = filled
    elif kind.__name__ == "SimpleNamespace":
        value.__dict__.clear()
        value.__dict__.update(filled.__dict__)
    elif kind.__name__ in ("StringIO", "BytesIO"):
        value.seek(0)
        value.truncate()
        value.write(filled.getvalue())
        value.seek(filled.tell())
    else:
        attribute = _CHANGING[type_path(kind)][1]
        setattr(value, attribute, getattr(filled, attribute))


def snapshot(value):
    """Return a shallow copy of a container for `unchanged`; None if it cannot be copied."""
    kind = type(value)
    if kind in _DICTS:
        return [part for pair in value.items() for part in pair]
    if kind is bytearray:
        return bytes(value)
    return list(value) if kind in _MUTABLE else None


def unchanged(value, before):
    """Return whether a container holds the same objects as at its snapshot."""
    now = snapshot(value)
    if type(now) is bytes:
        return now == before
    if now is None or before is None or len(now) != len(before):
        return False
    return all(a is b for a, b in zip(now, before))  # noqa: B905
