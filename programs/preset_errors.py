"""Say in one line what is wrong with a preset: the field, the value, and what to write."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from annotated_types import Ge, Gt, Le
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ..errors import CopeError, suggest_names
from ..util.text import printable, shorten
from .pregate_spec import Pregate

Fields = Mapping[str, FieldInfo]

_MAX_VALUE_CHARS = 40
_ROUNDS_EXAMPLE = 'write [[rounds]] and below it reasoner = "small", once for each round'
_TIER_EXAMPLE = {
    "reasoner": ': name the tier that solves, such as "small"',
    "planner": ': name the tier that plans, such as "large"',
}
_RANGE_TYPES = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
# What a value is not, by the first word of pydantic's type of an error.
_TYPES = {
    "int": "an integer",
    "float": "a number",
    "finite": "a finite number",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
}


def preset_error(
    error: ValidationError, source: str, preset_fields: Fields, round_fields: Fields
) -> CopeError:
    """Return the error of a preset with its first problem.

    An unknown key comes first, because the field that it was meant for may be missing too.

    Args:
        error: all problems.
        source: the preset's name or file.
        preset_fields: the fields of a preset.
        round_fields: the fields of a round.
    """
    problem = _first_problem(error)
    location = problem["loc"]
    is_in_round = location[:1] == ("rounds",) and len(location) > 1
    if location[:1] == ("pregate",) and len(location) > 1:
        preset_fields, round_fields = Pregate.model_fields, {}
    if problem["type"] == "extra_forbidden":
        elsewhere = preset_fields if is_in_round else round_fields
        known = round_fields if is_in_round else preset_fields
        text = _describe_unknown_key(str(location[-1]), is_in_round, known, elsewhere)
    elif location == ("rounds",):
        text = f"{'is missing' if problem['type'] == 'missing' else 'is no list of rounds'}: "
        text += _ROUNDS_EXAMPLE
    else:
        text = _describe(problem, round_fields if is_in_round else preset_fields)
    return _error(f"preset {source}", location, text)


def round_error(error: ValidationError, fields: Fields) -> CopeError:
    """Return the error of a round that is made without a preset.

    Args:
        error: all problems.
        fields: the fields of a round.
    """
    problem = _first_problem(error)
    if problem["type"] == "extra_forbidden":
        text = _describe_unknown_key(str(problem["loc"][-1]), True, fields, {})
    else:
        text = _describe(problem, fields)
    return _error("round", problem["loc"], text)


def _first_problem(error: ValidationError) -> Mapping[str, Any]:
    problems = error.errors(include_url=False)
    unknown = [problem for problem in problems if problem["type"] == "extra_forbidden"]
    return (unknown or problems)[0]


def _error(subject: str, location: Sequence[str | int], text: str) -> CopeError:
    path = []
    for part in location:
        name = str(part + 1) if isinstance(part, int) else part
        path.append(shorten(printable(name), _MAX_VALUE_CHARS))
    return CopeError(": ".join(filter(None, [subject, ".".join(path), text])))


def _describe_unknown_key(name: str, is_in_round: bool, known: Fields, elsewhere: Fields) -> str:
    """Return whether the key belongs elsewhere, else which key was meant."""
    if name in elsewhere:
        if is_in_round:
            return "is a key of the preset: write it above the first [[rounds]]"
        return "is a key of a round: write it below [[rounds]]"
    return f"is unknown: {suggest_names(name, known)}"


def _describe(problem: Mapping[str, Any], fields: Fields) -> str:
    kind, location = problem["type"], problem["loc"]
    names = [part for part in location if isinstance(part, str)]
    name = names[-1] if names else ""
    if kind == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return "is missing" + _TIER_EXAMPLE.get(name, "")
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return 'is not a table of fields, such as reasoner = "small"'
    if kind == "string_too_short":
        return "is empty"
    value = shorten(printable(repr(problem["input"])), _MAX_VALUE_CHARS)
    if kind in _RANGE_TYPES:
        return f"{value} is out of range: give a number {_range_of(fields[name])}"
    if kind == "literal_error":
        expected = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
        return f"{value} is unknown: {suggest_names(str(problem['input']), expected)}"
    what = _TYPES.get(kind.partition("_")[0])
    if what is None:
        return problem["msg"]
    return f"{value} is not {what}{_TIER_EXAMPLE.get(name, '')}"


def _range_of(field: FieldInfo) -> str:
    """Return the range of a number, as in `from 1 to 256`."""
    low, high = "", ""
    for bound in field.metadata:
        if isinstance(bound, Ge):
            low = f"from {_plain(bound.ge)}"
        elif isinstance(bound, Gt):
            low = f"above {_plain(bound.gt)}, up"
        elif isinstance(bound, Le):
            high = f"to {_plain(bound.le)}"
    return f"{low} {high or 'up'}"


def _plain(bound: object) -> str:
    return str(bound).removesuffix(".0")
