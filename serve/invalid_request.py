"""What a client reads about a body that does not have the form of a request."""

from collections.abc import Sequence
from typing import Any

from .errors import ApiError

_NO_OBJECT = "the body must be one JSON object, sent with Content-Type: application/json"


def no_object() -> ApiError:
    """Return the error for a body that is not a JSON object."""
    return ApiError(400, _NO_OBJECT)


def invalid_request(errors: Sequence[Any], body: Any) -> ApiError:
    """Return the error for a request, which names one field that is wrong.

    Where a field may have several types, each of them has errors of its own. That of a value with
    the right type and the wrong content says more than that of another type.

    Args:
        errors: those of pydantic.
        body: what was sent.
    """
    found = max(errors, key=_clarity)
    if not found["loc"]:
        return no_object()
    name = ".".join(_path(found["loc"], body))
    return ApiError(400, f"{name}: {found['msg']}", param=name)


def _clarity(error: Any) -> tuple[bool, int]:
    """Return how much an error says; of equal ones `max` takes the first."""
    return not error["type"].endswith("_type"), len(error["loc"])


def _path(place: Sequence[Any], body: Any) -> list[str]:
    """Return the names of fields and the numbers of items, without the types that pydantic tried.

    >>> _path(["stop", "list[str]", 0], {"stop": [None]})
    ['stop', '0']
    """
    path: list[str] = []
    value = body
    for number, part in enumerate(place):
        is_item = isinstance(part, int) and isinstance(value, list) and part < len(value)
        if is_item or (isinstance(value, dict) and part in value):
            value = value[part]
        elif not isinstance(value, dict) or number < len(place) - 1:
            continue  # a type; the last part of an object is a field that is missing
        path.append(str(part))
    return path
