"""Make objects of DSPy's from values that were checked already.

Their own checks look at each value several times, which takes longer than a request.
"""

import dataclasses
from functools import lru_cache
from typing import Any, TypeVar

Made = TypeVar("Made")


def made(kind: type[Made], **values: Any) -> Made:
    """Return an object with these values, which are all that it has."""
    one = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(one, name, value)
    return one


def changed(one: Made, **values: Any) -> Made:
    """Return a copy of a frozen dataclass with some other values."""
    for name in _field_names(type(one)):
        if name not in values:
            values[name] = getattr(one, name)
    return made(type(one), **values)


@lru_cache(maxsize=64)
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))
