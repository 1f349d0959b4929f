"""Check values against a JSON schema that comes from a stranger."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from ..errors import CopeError
from ..util.text import one_line, shorten
from .json_text import canonical_json

MAX_REFERENCES = 1_000
"""References that one check follows: schemas may refer to themselves, and double at each step."""
MAX_PARTS = 1_000
"""Objects and lists of a schema; its own check takes about a millisecond for each."""
PATTERN_SECONDS = 0.2
"""Seconds that a pattern may take for one text."""

_Errors = Iterator[ValidationError]


class CheckTooLong(Exception):
    """A check of a value takes too long, or is nested too deeply."""


class SchemaChecker:
    """Tells whether values fit a schema, in bounded time.

    References outside of the schema are refused: nothing is read from the disk or the network.

    Args:
        schema: a schema of the draft 2020-12, as plain data.

    Raises:
        CopeError: when it is no valid schema, names an unknown reference or a wrong pattern.

    >>> checker = SchemaChecker({"type": "object", "required": ["a"]})
    >>> checker.fits({"a": 1}), checker.fits({"b": 1})
    (True, False)
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        try:
            if _count_parts(schema) > MAX_PARTS:
                raise CopeError(f"schema: it has more than {MAX_PARTS:,} objects and lists")
            Draft202012Validator.check_schema(schema)
            _check_parts(schema, schema)
        except SchemaError as error:
            place = "".join(f".{part}" for part in error.absolute_path)
            raise CopeError(f"schema{place}: {shorten(one_line(error.message), 200)}") from None
        except RecursionError:
            raise CopeError("schema: it is nested too deeply") from None

    def fits(self, value: Any) -> bool:
        """Return whether a value fits. A check that takes too long counts as one that fails."""
        budget = _Budget()
        try:
            return budget.validator(self.schema).is_valid(value)
        except (CheckTooLong, RecursionError, Unresolvable):
            return False


@dataclass
class _Budget:
    """The references that are left to a check, and the checks that use them up."""

    left: int = MAX_REFERENCES

    def validator(self, schema: Mapping[str, Any]) -> Any:
        return self._kind(schema, registry=Registry())

    @cached_property
    def _kind(self) -> Any:
        checks: dict[str, Any] = {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "uniqueItems": _unique_items,
        }
        for name in ("$ref", "$dynamicRef"):
            checks[name] = self._counted(Draft202012Validator.VALIDATORS[name])
        return extend(Draft202012Validator, checks)

    def _counted(self, check: Any) -> Any:
        def counted(validator: Any, value: Any, instance: Any, schema: Any) -> _Errors:
            self.left -= 1
            if self.left < 0:
                raise CheckTooLong
            yield from check(validator, value, instance, schema) or ()

        return counted


def _matches(pattern: str, text: str) -> bool:
    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        raise CheckTooLong from None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> _Errors:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"the text does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> _Errors:
    if not isinstance(instance, dict):
        return
    for pattern, part in patterns.items():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, part, path=name, schema_path=pattern)


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> _Errors:
    """Compare by the form of the values, because comparing all pairs takes long."""
    if not wanted or not isinstance(instance, list):
        return
    if len({canonical_json(item) for item in instance}) < len(instance):
        yield ValidationError("two items are equal")


def _count_parts(schema: Any) -> int:
    """Return the number of objects and lists, or more than `MAX_PARTS` when there are so many."""
    waiting, count = [schema], 0
    while waiting and count <= MAX_PARTS:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        else:
            continue
        count += 1
    return count


def _check_parts(part: Any, schema: Mapping[str, Any]) -> None:
    """Raise `CopeError` for a reference to nothing in a schema, or a wrong pattern."""
    if isinstance(part, list):
        for item in part:
            _check_parts(item, schema)
    if not isinstance(part, dict):
        return
    for name, value in part.items():
        if name in ("const", "enum", "default", "examples"):
            continue  # values, not schemas
        if name == "$ref" and isinstance(value, str):
            _check_reference(value, schema)
        if name == "pattern" and isinstance(value, str):
            _check_pattern(value)
        if name == "patternProperties" and isinstance(value, dict):
            for pattern in value:
                _check_pattern(pattern)
        _check_parts(value, schema)


def _check_reference(reference: str, schema: Mapping[str, Any]) -> None:
    if not reference.startswith("#"):
        raise CopeError(
            f"schema: $ref {shorten(reference, 100)!r} is outside of the schema: put what it "
            "means under $defs"
        )
    if reference.startswith("#/") and not _exists(reference, schema):
        raise CopeError(f"schema: $ref {shorten(reference, 100)!r} points to nothing")


def _exists(pointer: str, schema: Any) -> bool:
    place = schema
    for part in pointer.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(place, list) and name.isdecimal() and int(name) < len(place):
            place = place[int(name)]
        elif isinstance(place, dict) and name in place:
            place = place[name]
        else:
            return False
    return True


def _check_pattern(pattern: str) -> None:
    try:
        _ = regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise CopeError(f"schema: pattern {shorten(pattern, 100)!r}: {error}") from None
