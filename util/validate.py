"""Check data from files against types, so that a damaged file is an error and no traceback."""

from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import (
    Any,
    NotRequired,  # pydantic needs these on Python 3.11
    get_type_hints,
)

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

_TEXTS = {
    "missing": "is missing",
    "string_type": "is not text",
    "int_type": "is not an integer",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "bool_type": "is not true or false",
    "list_type": "is not a list",
    "tuple_type": "is not a list",
    "dict_type": "is not an object",
    "mapping_type": "is not an object",
    "dataclass_type": "is not an object",
    "greater_than": "is out of range",
    "greater_than_equal": "is out of range",
    "less_than": "is out of range",
    "less_than_equal": "is out of range",
}
"""Texts for types of errors of pydantic."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(_object_type(kind) if is_dataclass(kind) else kind)


def _object_type(kind: Any) -> Any:
    """Return the type of JSON objects with a dataclass's fields; those with defaults may lack."""
    hints = get_type_hints(kind, include_extras=True)
    types: dict[str, Any] = {}
    for field in fields(kind):
        required = field.default is MISSING and field.default_factory is MISSING
        types[field.name] = hints[field.name] if required else NotRequired[hints[field.name]]
    return TypedDict(kind.__name__, types)  # type: ignore[operator]


def check_type(kind: Any, value: object) -> None:
    """Raise an error unless plain data has a type. Unknown keys of objects are allowed.

    Args:
        kind: a type that pydantic knows: a `TypedDict`, a dataclass, a union of types.
        value: the data, as JSON holds it.

    Raises:
        ValueError: with the path of the first wrong value.

    >>> check_type(dict[str, int], {"a": 1, "b": "x"})
    Traceback (most recent call last):
    ...
    ValueError: b is not an integer
    """
    try:
        _adapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
    else:
        return
    path = ".".join(str(part)[:40] for part in problem["loc"]) or "it"
    text = _TEXTS.get(problem["type"], f"is wrong: {problem['msg']}")
    raise ValueError(f"{path} {text}".encode("unicode_escape").decode()[:300])
