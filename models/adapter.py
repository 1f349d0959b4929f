"""The lean adapter: few format tokens, and replies of small models read generously.

DSPy's adapters spend some 220 to 330 prompt tokens on their format for three fields, and small models often miss it.
Here the instructions stand alone in the system message, a lone input field has no label, and the reply is free text
whose last field stands on a line of its own.
"""

import re
from typing import Any

import dspy
from dspy.adapters.utils import format_field_value, parse_value
from dspy.utils.exceptions import AdapterParseError

from ..errors import CopeError


class LeanAdapter(dspy.Adapter):
    """Labels in place of markers; what the labels do not settle is kept as text for the program to read.

    A signature with one output field takes the whole reply. With several, the last field follows its label
    (`Answer: ...`, the last such line counts) and the ones before it precede it. A reply without the label gives its whole
    text to every text field, so that a reader of answers can still find one in it.

    >>> LeanAdapter().parse(dspy.Signature("question -> reasoning, answer"), "2 + 2 is 4. Answer: 4")["answer"]
    '4'
    """

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        return "\n".join(
            filter(None, (self.format_task_description(signature), self.format_field_structure(signature)))
        )

    def format_task_description(self, signature: type[dspy.Signature]) -> str:
        return signature.instructions.strip()

    def format_field_description(self, signature: type[dspy.Signature]) -> str:
        return ""

    def format_field_structure(self, signature: type[dspy.Signature]) -> str:
        *before, (last, field) = signature.output_fields.items()
        described = _description(last, field)
        if not before:
            return ""
        first = " and ".join(name.replace("_", " ") for name, _ in before)
        return f"Write the {first} first. The last line must be: {_label(last)}: <{described}>"

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        given = {
            k: format_field_value(field_info=f, value=inputs[k])
            for k, f in signature.input_fields.items()
            if k in inputs
        }
        if len(given) == 1:
            parts = list(given.values())
        else:
            parts = [f"{_label(name)}: {value}" for name, value in given.items()]
        return "\n\n".join(filter(None, (prefix, *parts, suffix)))

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: dict[str, Any], missing_field_message: str | None = None
    ) -> str:
        *before, (last, field) = signature.output_fields.items()
        lines = [str(outputs.get(name) or "") for name, _ in before]
        value = outputs.get(last)
        text = str(missing_field_message or "") if value is None else format_field_value(field_info=field, value=value)
        return "\n".join(filter(None, (*lines, f"{_label(last)}: {text}" if before else text)))

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        text = completion.strip()
        *before, (last, _) = signature.output_fields.items()
        if not before:
            found = {last: _after_label(text, last, first=True) or text}
        else:
            value = _after_label(text, last)
            head = text if value is None else text[: _label_at(text, last)].strip()
            found = {name: head for name, _ in before} | {last: text if value is None else value}
        return {name: self._typed(signature, name, value, completion) for name, value in found.items()}

    def _typed(self, signature: type[dspy.Signature], name: str, value: str, completion: str) -> Any:
        annotation = signature.output_fields[name].annotation
        if annotation is str and value:
            return value
        try:
            if value:
                return parse_value(value, annotation)
        except ValueError:
            pass
        if annotation is str and len(signature.output_fields) > 1 and name != list(signature.output_fields)[-1]:
            return ""
        raise AdapterParseError(adapter_name="LeanAdapter", signature=signature, lm_response=completion)


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _description(name: str, field: Any) -> str:
    written = (field.json_schema_extra or {}).get("desc") or ""
    return name.replace("_", " ") if written.startswith("${") or not written else written


def _labels(text: str, name: str) -> list[re.Match[str]]:
    # At a line's start with any markdown around it, or after a sentence within a line.
    pattern = rf"(?:^[\s>#*_`-]*|(?<=[.!?])\s+\**){re.escape(_label(name))}\s*[*_`]*\s*:[*_`]*"
    return list(re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE))


def _label_at(text: str, name: str) -> int:
    return _labels(text, name)[-1].start()


def _after_label(text: str, name: str, first: bool = False) -> str | None:
    found = _labels(text, name)
    if not found or (first and found[0].start() > 0):
        return None
    return text[found[0 if first else -1].end() :].strip() or None


def adapter_by_name(name: str) -> dspy.Adapter:
    """`lean`, or one of DSPy's: `chat`, `json`, `xml`; none of them asks a second time when a reply cannot be read.

    Raises:
        CopeError: for another name.
    """
    made = {
        "lean": LeanAdapter,
        "chat": lambda: dspy.ChatAdapter(use_json_adapter_fallback=False),
        "json": dspy.JSONAdapter,
        "xml": lambda: dspy.XMLAdapter(use_json_adapter_fallback=False),
    }
    if name not in made:
        raise CopeError(f"no adapter is named {name!r}: choose one of {', '.join(made)}")
    return made[name]()
