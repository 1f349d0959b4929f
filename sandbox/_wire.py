"""Encode the values that cross between the tests' and the program's process as plain data only.

Used inside both processes, without the rest of the package. A value is a scalar as it is, or a
tagged pair: `["list", items]`, `["handle", [number, type]]` for what is no plain data and stays
where it is, and so on. Subclasses are sent as the plain type that they extend, so that no method of
theirs has a say in a comparison.
"""

MAX_DEPTH = 100
MAX_VALUES = 200_000  # values in one message


def pack(value, handle, left=None, depth=0):
    """Return a value as tagged plain data.

    Args:
        value: anything.
        handle: makes the tagged pair for what is not plain data, or raises TypeError.
    """
    left = [MAX_VALUES] if left is None else left
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        raise ValueError("the value is too large or too deep to be looked at")
    kinds = type(value).__mro__
    if (
        value is None
        or kinds[0] is bool
        or kinds[0] is str
        or (kinds[0] is float and value - value == 0)
    ):
        return value
    if int in kinds:
        number = int.__int__(value)
        return number if -(1 << 63) < number < 1 << 63 else ["int", hex(number)]
    if float in kinds:
        return ["float", float.__repr__(value)]
    if str in kinds:
        return str.__str__(value)
    if complex in kinds:
        return ["complex", [pack(value.real, handle, left), pack(value.imag, handle, left)]]
    if bytes in kinds or bytearray in kinds:
        return ["bytes" if bytes in kinds else "bytearray", bytes(value).decode("latin-1")]
    if range in kinds:
        return [
            "range",
            [pack(part, handle, left) for part in (value.start, value.stop, value.step)],
        ]
    for kind in (list, tuple, set, frozenset):
        if kind in kinds:
            return [
                kind.__name__,
                [pack(item, handle, left, depth + 1) for item in kind.__iter__(value)],
            ]
    if dict in kinds:
        pairs = [
            [pack(k, handle, left, depth + 1), pack(v, handle, left, depth + 1)]
            for k, v in dict.items(value)
        ]
        return ["dict", pairs]
    if (
        kinds[0].__module__ in ("collections", "decimal", "fractions")
        and kinds[0].__name__ in _RARE
    ):
        return _RARE[kinds[0].__name__](value, handle, left, depth)
    return handle(value)


_RARE = {
    "deque": lambda v, handle, left, depth: [
        "deque",
        [pack(item, handle, left, depth + 1) for item in v],
    ],
    "Decimal": lambda v, handle, left, depth: ["Decimal", str(v)],
    "Fraction": lambda v, handle, left, depth: ["Fraction", [hex(v.numerator), hex(v.denominator)]],
}


def unpack(packed, reference):
    """Return the value of tagged plain data.

    Args:
        packed: what `pack` made; from an untrusted sender it may be anything.
        reference: gives the value of the tags that are no plain data.

    Raises:
        ValueError, TypeError: when it is not such data.
    """
    if packed is None or type(packed) in (bool, int, float, str):
        return packed
    tag, content = packed
    if tag in ("list", "tuple", "set", "frozenset", "deque"):
        items = [unpack(item, reference) for item in content]
        return items if tag == "list" else _collection(tag)(items)
    if tag == "dict":
        return {unpack(key, reference): unpack(value, reference) for key, value in content}
    if tag == "int":
        return int(content, 16)
    if tag == "float":
        return float(content)
    if tag == "complex":
        return complex(*(unpack(part, reference) for part in content))
    if tag == "range":
        return range(*(unpack(part, reference) for part in content))
    if tag == "bytes":
        return content.encode("latin-1")
    if tag == "bytearray":
        return bytearray(content.encode("latin-1"))
    if tag == "Decimal":
        from decimal import Decimal

        return Decimal(content)
    if tag == "Fraction":
        from fractions import Fraction

        return Fraction(*(int(part, 16) for part in content))
    return reference(tag, content)


def _collection(tag):
    if tag == "deque":
        from collections import deque

        return deque
    return {"tuple": tuple, "set": set, "frozenset": frozenset}[tag]
