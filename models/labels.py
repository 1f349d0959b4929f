"""The labels of a signature's fields, as the lean adapter writes them and reads them in replies."""

import inspect
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin

import dspy
from dspy.adapters.utils import get_annotation_name
from pydantic.fields import FieldInfo

Found = TypeVar("Found")


def _once_for_each(look: Callable[[Any], Found]) -> Callable[[type[dspy.Signature]], Found]:
    """Return a look at a signature's fields that is taken once: other fields make another class."""
    once: Any = lru_cache(maxsize=256)(look)  # DSPy collects the fields anew at each look
    return once


@_once_for_each
def output_fields(signature: type[dspy.Signature]) -> dict[str, FieldInfo]:
    """Return the output fields of a signature."""
    return signature.output_fields


@_once_for_each
def has_native_fields(signature: type[dspy.Signature]) -> bool:
    """Return whether a field has one of DSPy's own types, such as its tools or its citations."""
    for field in signature.output_fields.values():
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, dspy.adapters.types.Type):
            return True
    return False


@_once_for_each
def labeled_fields(signature: type[dspy.Signature]) -> list[str]:
    """Return the names of the output fields that have a label in the reply."""
    names = list(signature.output_fields)
    if len(names) == 1:
        return []
    return names[1:] if signature.output_fields[names[0]].annotation is str else names


@_once_for_each
def forms_of(signature: type[dspy.Signature]) -> list[str]:
    """Return what stands in the prompt in the place of each field that has a label."""
    fields = signature.output_fields
    return [f"<{description_of(name, fields[name])}>" for name in labeled_fields(signature)]


def label_of(name: str) -> str:
    """Return the label of a field, such as `Next action`."""
    return name.replace("_", " ").capitalize()


def choices_of(field: FieldInfo) -> str:
    """Return the values of a field that has a few, such as `first, second or tie`."""
    values = [str(value) for value in get_args(field.annotation)]
    if len(values) == 1:
        return values[0]
    return f"{', '.join(values[:-1])} or {values[-1]}"


def description_of(name: str, field: FieldInfo) -> str:
    """Return what a field holds, as the prompt says it."""
    extra = field.json_schema_extra
    text = extra.get("desc") if isinstance(extra, dict) else None
    if not isinstance(text, str) or not text or text.startswith("${"):
        text = name.replace("_", " ")
    if field.annotation is str:
        return text
    if get_origin(field.annotation) is Literal:
        return choices_of(field)
    return f"{text} ({get_annotation_name(field.annotation)})"


@lru_cache(maxsize=256)
def _label_pattern(name: str) -> re.Pattern[str]:
    # At a line's start with any markdown around it, or after a sentence within a line.
    pattern = rf"(?:^[ \t>#*_`-]*|(?<=[.!?])\s+\**){re.escape(label_of(name))}\s*[*_`]*\s*:[*_`]*"
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def labeled_values(text: str, names: list[str]) -> tuple[dict[str, str], str]:
    """Return the text behind the last label of each name that has any, and the text before them."""
    labels: list[tuple[int, int, str]] = []
    for name in names:
        labels += [(*label.span(), name) for label in _label_pattern(name).finditer(text)]
    values: dict[str, str] = {}
    head_end, end = len(text), len(text)
    for start, after, name in sorted(labels, reverse=True):
        value = text[after:end].strip()
        bracketed = re.fullmatch(r"<([^<>]*)>", value)
        if bracketed:
            value = bracketed[1].strip()
        if value and name not in values:
            values[name] = value
            head_end = start
        end = start
    return values, text[:head_end].strip()


def without_label(text: str, name: str) -> str:
    """Return a text without the label of a field before it."""
    label = _label_pattern(name).match(text)
    return text if label is None else text[label.end() :].strip()
