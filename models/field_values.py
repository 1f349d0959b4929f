"""The text of a reply as a value of a field's type: a text, one of a few options, a number."""

import re
from typing import Any, Literal, get_args, get_origin

from dspy.adapters.utils import parse_value
from pydantic.fields import FieldInfo

_NEGATION = re.compile(r"\bnot\b|n['’]t\b|\bneither\b|\bno\b", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")


def parse_field(value: str, field: FieldInfo) -> Any:
    """Return the text of a reply as a value of a field's type.

    Raises:
        ValueError: for a text that is none.
    """
    if field.annotation is str:
        return value
    if get_origin(field.annotation) is Literal:
        value = _chosen_option(value, field)
    return parse_value(_strip_markup(value, field), field.annotation)


def _chosen_option(value: str, field: FieldInfo) -> str:
    """Return the only option that the last line of a reply names; else the value as it is.

    Small models write a sentence such as "The team is billing." in place of the option. A sentence
    with a negation names what is not chosen.
    """
    lines = value.strip().splitlines()
    last = lines[-1] if lines else ""
    named = []
    for option in map(str, get_args(field.annotation)):
        if re.search(rf"(?<!\w){re.escape(option)}(?!\w)", last, re.IGNORECASE):
            named.append(option)
    if len(named) != 1 or _NEGATION.search(last):
        return value
    return named[0]


def _strip_markup(value: str, field: FieldInfo) -> str:
    """Return a value without markdown and full stop around it, and a number without its unit."""
    if field.annotation in (int, float):
        numbers = _NUMBER.findall(value)
        if len(numbers) == 1:
            return numbers[0].replace(",", "")
    return value.strip(" \n*_`").removesuffix(".")
