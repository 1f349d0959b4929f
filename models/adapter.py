"""The lean adapter: few format tokens, and a tolerant parser for the replies of small models.

DSPy's adapters spend some 220 to 330 prompt tokens on their format for three fields, and small
models often miss it. Here the system message holds only the instructions, a single input field has
no label, and the reply is free text with the short fields behind their labels at its end.
"""

import inspect
import re
from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin

import dspy
from dspy.adapters.utils import format_field_value, get_annotation_name
from dspy.clients._deprecation import _adapter_call
from dspy.utils.exceptions import AdapterParseError
from pydantic.fields import FieldInfo

from ..errors import CopeError
from .field_values import parse_field
from .scope import dspy_setting, using

Found = TypeVar("Found")

_own_messages: ContextVar[Any] = _adapter_call  # so that DSPy does not warn of them
_OF_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")

KEPT_PROMPTS = 64
"""Prompts that an adapter keeps for the next samples."""


class LeanAdapter(dspy.Adapter):
    """Formats fields with labels instead of markers; text without a label is kept for the program.

    A signature with one output field takes the whole reply. With several, the first field, if it
    is text, has no label. Each of the others follows its own label, as in `Answer: ...`; the last
    such label with a value counts. A text field without a label gets all text before the labels,
    so that a program can still parse an answer from a reply without any label.

    >>> signature = dspy.Signature("question -> reasoning, answer")
    >>> LeanAdapter().parse(signature, "2 + 2 is 4. Answer: 4")["answer"]
    '4'
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._formatted: OrderedDict[tuple[object, ...], list[dict[str, Any]]] = OrderedDict()

    def format(
        self,
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Format a prompt, once for all samples of a round, which share it.

        Prompts with demonstrations are formatted for each sample, because these can change.
        """
        for value in inputs.values():
            if demos or type(value) is not str:
                return super().format(signature, demos, inputs)
        values = tuple(inputs.items())
        # An optimizer may write other instructions into the same class.
        key = (signature, signature.__doc__, values)
        messages = self._formatted.get(key)
        if messages is None:
            messages = super().format(signature, demos, inputs)
            self._formatted[key] = messages
            if len(self._formatted) > KEPT_PROMPTS:
                self._formatted.popitem(last=False)
        return [dict(message) for message in messages]

    async def acall(
        self,
        lm: dspy.BaseLM,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Format the prompt, call the model and parse the reply, as DSPy's adapters do.

        DSPy first looks up what the model can do, which takes longer than all the rest. Only fields
        of its own types depend on that.
        """
        if self.use_native_function_calling or _has_native_fields(signature):
            return await super().acall(lm, lm_kwargs, signature, demos, inputs)
        for name in _OF_TOOLS:
            lm_kwargs.pop(name, None)
        own = type(self)
        format_prompt: Any = own.format
        parse: Any = own.parse
        if not self.callbacks and not dspy_setting("callbacks"):
            format_prompt, parse = _without_callbacks(format_prompt), _without_callbacks(parse)
        messages = format_prompt(self, signature, demos, inputs)
        with using(_own_messages, (lm, messages)):
            outputs = await lm.acall(messages=messages, **lm_kwargs)
        parsed: list[dict[str, Any]] = []
        for output in outputs:
            if type(output) is not str or not output:
                return self._call_postprocess(signature, signature, outputs, lm, lm_kwargs)
            parsed.append(parse(self, signature, output))  # it sets every field
        return parsed

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
            if field.annotation is str:
                return ""
            if get_origin(field.annotation) is Literal:
                # Small models copy a form in brackets instead of filling it in.
                return f"Reply with one of these words alone: {_choices(field)}."
            return f"Reply with this alone: <{_description(name, field)}>"
        lines = [f"{_label(name)}: <{_description(name, fields[name])}>" for name in labeled]
        start = ""
        free = [name for name in fields if name not in labeled]
        if free:
            start = f"Write the {free[0].replace('_', ' ')} first. "
        if len(lines) == 1:
            return f"{start}The last line must be: {lines[0]}"
        head = f"{start}The last lines must be:" if free else "Reply with these lines:"
        return "\n".join((head, *lines))

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        values: dict[str, Any] = {}
        for name, field in signature.input_fields.items():
            if name in inputs:
                values[name] = _format_value(field, inputs[name])
        # An empty message keeps its label, because DSPy drops empty messages.
        needs_label = len(signature.input_fields) > 1 or not any(values.values())
        parts = [prefix]
        for name, value in values.items():
            parts.append(f"{_label(name)}: {value}" if needs_label else str(value))
        parts.append(suffix)
        return "\n\n".join(filter(None, parts))

    def format_assistant_message_content(
        self,
        signature: type[dspy.Signature],
        outputs: dict[str, Any],
        missing_field_message: str | None = None,
    ) -> str:
        labeled = _labeled_fields(signature)
        lines: list[str] = []
        for name, field in signature.output_fields.items():
            value = outputs.get(name)
            if value is None and name not in labeled and labeled:
                continue  # a demonstration without its reasoning consists of the answer
            text = missing_field_message or ""
            if value is not None:
                text = str(_format_value(field, value))
            lines.append(f"{_label(name)}: {text}" if name in labeled else text)
        return "\n".join(filter(None, lines))

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        fields = _output_fields(signature)
        text = completion.strip()
        labeled = _labeled_fields(signature)
        for form in _forms(signature):  # small models sometimes copy it instead of filling it in
            text = text.replace(form, "")
        values, head = _labeled_values(text, labeled)
        outputs: dict[str, Any] = {}
        for name, field in fields.items():
            value = values.get(name)
            if not value:
                value = head if name in labeled else _without_label(head, name)
            try:
                outputs[name] = parse_field(value, field)
            except ValueError:
                value = ""
            # Only the unlabeled text, such as the reasoning, may be empty.
            if not value and (name in labeled or not labeled):
                kind: Any = signature
                raise AdapterParseError("LeanAdapter", kind, completion)
        return outputs


def _without_callbacks(method: Any) -> Any:
    """Return a method without the wrappers in which DSPy calls callbacks."""
    while True:
        inner = getattr(method, "__wrapped__", None)
        if inner is None:
            return method
        method = inner


def _format_value(field: FieldInfo, value: Any) -> Any:
    """Format a value as DSPy does, which takes a text as it is, after a long look at it."""
    if type(value) is str:
        return value
    return format_field_value(field_info=field, value=value)


def _once_for_each(look: Callable[[Any], Found]) -> Callable[[type[dspy.Signature]], Found]:
    """Return a look at a signature's fields that is taken once: other fields make another class."""
    once: Any = lru_cache(maxsize=256)(look)  # DSPy collects the fields anew at each look
    return once


@_once_for_each
def _output_fields(signature: type[dspy.Signature]) -> dict[str, FieldInfo]:
    return signature.output_fields


@_once_for_each
def _has_native_fields(signature: type[dspy.Signature]) -> bool:
    """Return whether a field has one of DSPy's own types, such as its tools or its citations."""
    for field in signature.output_fields.values():
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, dspy.adapters.types.Type):
            return True
    return False


@_once_for_each
def _labeled_fields(signature: type[dspy.Signature]) -> list[str]:
    """Return the names of the output fields that have a label in the reply."""
    names = list(signature.output_fields)
    if len(names) == 1:
        return []
    return names[1:] if signature.output_fields[names[0]].annotation is str else names


@_once_for_each
def _forms(signature: type[dspy.Signature]) -> list[str]:
    """Return what stands in the prompt in the place of each field that has a label."""
    fields = signature.output_fields
    return [f"<{_description(name, fields[name])}>" for name in _labeled_fields(signature)]


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _choices(field: FieldInfo) -> str:
    """Return the values of a field that has a few, such as `first, second or tie`."""
    values = [str(value) for value in get_args(field.annotation)]
    if len(values) == 1:
        return values[0]
    return f"{', '.join(values[:-1])} or {values[-1]}"


def _description(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    text = extra.get("desc") if isinstance(extra, dict) else None
    if not isinstance(text, str) or not text or text.startswith("${"):
        text = name.replace("_", " ")
    if field.annotation is str:
        return text
    if get_origin(field.annotation) is Literal:
        return _choices(field)
    return f"{text} ({get_annotation_name(field.annotation)})"


@lru_cache(maxsize=256)
def _label_pattern(name: str) -> re.Pattern[str]:
    # At a line's start with any markdown around it, or after a sentence within a line.
    pattern = rf"(?:^[ \t>#*_`-]*|(?<=[.!?])\s+\**){re.escape(_label(name))}\s*[*_`]*\s*:[*_`]*"
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def _labeled_values(text: str, names: list[str]) -> tuple[dict[str, str], str]:
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


def _without_label(text: str, name: str) -> str:
    label = _label_pattern(name).match(text)
    return text if label is None else text[label.end() :].strip()


_ADAPTERS: dict[str, Callable[[], dspy.Adapter]] = {
    "lean": LeanAdapter,
    "chat": lambda: dspy.ChatAdapter(use_json_adapter_fallback=False),
    "json": dspy.JSONAdapter,
    "xml": lambda: dspy.XMLAdapter(use_json_adapter_fallback=False),
}


def adapter_by_name(name: str) -> dspy.Adapter:
    """Return an adapter: `lean`, or DSPy's `chat`, `json` or `xml`.

    None of them makes a second call when a reply cannot be parsed.

    Raises:
        CopeError: for another name.
    """
    if name not in _ADAPTERS:
        raise CopeError(f"no adapter is named {name!r}: choose one of {', '.join(_ADAPTERS)}")
    return _ADAPTERS[name]()
