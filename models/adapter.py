"""The lean adapter: few format tokens, and replies of small models read generously.

DSPy's adapters spend some 220 to 330 prompt tokens on their format for three fields, and small models often miss it.
Here the instructions stand alone in the system message, a lone input field has no label, and the reply is free text
with the short fields behind their labels at its end.
"""

import re
from typing import Any

import dspy
from dspy.adapters.utils import format_field_value, get_annotation_name, parse_value
from dspy.utils.exceptions import AdapterParseError

from ..errors import CopeError

_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")


class LeanAdapter(dspy.Adapter):
    """Labels in place of markers; what the labels do not settle is kept as text for the program to read.

    A signature with one output field takes the whole reply. With several, the first one, if it is text, stands without
    a label, and each of the others follows its own (`Answer: ...`, the last such label with something behind it
    counts). A text field without its label gets all that stands in front of the labels, so that a reader of answers
    can still find one in a reply without any.

    >>> LeanAdapter().parse(dspy.Signature("question -> reasoning, answer"), "2 + 2 is 4. Answer: 4")["answer"]
    '4'
    """

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        parts = (self.format_task_description(signature), self.format_field_structure(signature))
        return "\n".join(filter(None, parts))

    def format_task_description(self, signature: type[dspy.Signature]) -> str:
        return signature.instructions.strip()

    def format_field_description(self, signature: type[dspy.Signature]) -> str:
        return ""

    def format_field_structure(self, signature: type[dspy.Signature]) -> str:
        fields = signature.output_fields
        labeled = _labeled_fields(signature)
        if not labeled:
            name, field = next(iter(fields.items()))
            return (
                ""
                if field.annotation is str
                else f"Reply with this alone: <{_description(name, field)}>"
            )
        free = [name.replace("_", " ") for name in fields if name not in labeled]
        lines = [f"{_label(name)}: <{_description(name, fields[name])}>" for name in labeled]
        start = f"Write the {free[0]} first. " if free else ""
        if len(lines) == 1:
            return f"{start}The last line must be: {lines[0]}"
        return "\n".join(
            (f"{start}The last lines must be:" if free else "Reply with these lines:", *lines)
        )

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        fields = signature.input_fields
        given = {
            n: format_field_value(field_info=f, value=inputs[n])
            for n, f in fields.items()
            if n in inputs
        }
        lone = len(fields) == 1 and any(given.values())  # DSPy drops an empty message
        parts = [
            str(value) if lone else f"{_label(name)}: {value}" for name, value in given.items()
        ]
        return "\n\n".join(filter(None, (prefix, *parts, suffix)))

    def format_assistant_message_content(
        self,
        signature: type[dspy.Signature],
        outputs: dict[str, Any],
        missing_field_message: str | None = None,
    ) -> str:
        labeled = _labeled_fields(signature)
        lines = []
        for name, field in signature.output_fields.items():
            value = outputs.get(name)
            if value is None and name not in labeled and labeled:
                continue  # a demonstration without its reasoning shows the answer alone
            text = missing_field_message or ""
            if value is not None:
                text = str(format_field_value(field_info=field, value=value))
            lines.append(f"{_label(name)}: {text}" if name in labeled else text)
        return "\n".join(filter(None, lines))

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        text = completion.strip()
        labeled = _labeled_fields(signature)
        for name in labeled:  # small models sometimes copy the form instead of filling it in
            text = text.replace(f"<{_description(name, signature.output_fields[name])}>", "")
        values, head = _labeled_values(text, labeled)
        found = {}
        for name, field in signature.output_fields.items():
            value = values.get(name) or (head if name in labeled else _without_label(head, name))
            try:
                found[name] = (
                    value
                    if field.annotation is str
                    else parse_value(_strip_markup(value, field), field.annotation)
                )
            except ValueError:
                value = ""
            # The steps may be missing where the answer is there; every other field must have something in it.
            if not value and (name in labeled or not labeled):
                raise AdapterParseError("LeanAdapter", signature, completion)  # pyright: ignore[reportArgumentType]
        return found


def _labeled_fields(signature: type[dspy.Signature]) -> list[str]:
    """The output fields that stand behind a label."""
    names = list(signature.output_fields)
    if len(names) == 1:
        return []
    return names[1:] if signature.output_fields[names[0]].annotation is str else names


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _description(name: str, field: Any) -> str:
    written = (field.json_schema_extra or {}).get("desc") or ""
    described = name.replace("_", " ") if written.startswith("${") or not written else written
    return (
        described
        if field.annotation is str
        else f"{described} ({get_annotation_name(field.annotation)})"
    )


def _find_labels(text: str, name: str) -> list[re.Match[str]]:
    # At a line's start with any markdown around it, or after a sentence within a line.
    pattern = rf"(?:^[ \t>#*_`-]*|(?<=[.!?])\s+\**){re.escape(_label(name))}\s*[*_`]*\s*:[*_`]*"
    return list(re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE))


def _labeled_values(text: str, names: list[str]) -> tuple[dict[str, str], str]:
    """What follows the last label of each name that has something behind it, and the text before all of these."""
    marks = sorted(
        ((mark.start(), mark.end(), name) for name in names for mark in _find_labels(text, name)),
        reverse=True,
    )
    values: dict[str, str] = {}
    head, end = len(text), len(text)
    for start, after, name in marks:
        value = text[after:end].strip()
        if bracketed := re.fullmatch(r"<([^<>]*)>", value):
            value = bracketed[1].strip()
        if value and name not in values:
            values[name], head = value, start
        end = start
    return values, text[:head].strip()


def _without_label(text: str, name: str) -> str:
    found = _find_labels(text, name)
    return text[found[0].end() :].strip() if found and found[0].start() == 0 else text


def _strip_markup(value: str, field: Any) -> str:
    """A value without the markdown and the full stop that small models put around it, a number without its unit."""
    numbers = _NUMBER.findall(value) if field.annotation in (int, float) else []
    return (
        numbers[0].replace(",", "")
        if len(numbers) == 1
        else value.strip(" \n*_`").removesuffix(".")
    )


def adapter_by_name(name: str) -> dspy.Adapter:
    """`lean`, or one of DSPy's: `chat`, `json`, `xml`; none of them asks a second time when a reply cannot be read.

    Raises:
        CopeError: for another name.
    """
    factories = {
        "lean": LeanAdapter,
        "chat": lambda: dspy.ChatAdapter(use_json_adapter_fallback=False),
        "json": dspy.JSONAdapter,
        "xml": lambda: dspy.XMLAdapter(use_json_adapter_fallback=False),
    }
    if name not in factories:
        raise CopeError(f"no adapter is named {name!r}: choose one of {', '.join(factories)}")
    return factories[name]()
