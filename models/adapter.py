"""The lean adapter: few format tokens, and a tolerant parser for the replies of small models.

DSPy's adapters spend some 220 to 330 prompt tokens on their format for three fields, and small
models often miss it. Here the system message holds only the instructions, a single input field has
no label, and the reply is free text with the short fields behind their labels at its end.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Literal, get_origin

import dspy
from dspy.adapters.utils import format_field_value
from dspy.clients._deprecation import _adapter_call
from dspy.utils.exceptions import AdapterParseError
from pydantic.fields import FieldInfo

from ..errors import CopeError
from .field_values import parse_field
from .labels import (
    choices_of,
    description_of,
    forms_of,
    has_native_fields,
    label_of,
    labeled_fields,
    labeled_values,
    output_fields,
    without_label,
)
from .scope import dspy_setting, using

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
        if self.use_native_function_calling or has_native_fields(signature):
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
        labeled = labeled_fields(signature)
        if not labeled:
            name, field = next(iter(fields.items()))
            if field.annotation is str:
                return ""
            if get_origin(field.annotation) is Literal:
                # Small models copy a form in brackets instead of filling it in.
                return f"Reply with one of these words alone: {choices_of(field)}."
            return f"Reply with this alone: <{description_of(name, field)}>"
        lines = [f"{label_of(name)}: <{description_of(name, fields[name])}>" for name in labeled]
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
            parts.append(f"{label_of(name)}: {value}" if needs_label else str(value))
        parts.append(suffix)
        return "\n\n".join(filter(None, parts))

    def format_assistant_message_content(
        self,
        signature: type[dspy.Signature],
        outputs: dict[str, Any],
        missing_field_message: str | None = None,
    ) -> str:
        labeled = labeled_fields(signature)
        lines: list[str] = []
        for name, field in signature.output_fields.items():
            value = outputs.get(name)
            if value is None and name not in labeled and labeled:
                continue  # a demonstration without its reasoning consists of the answer
            text = missing_field_message or ""
            if value is not None:
                text = str(_format_value(field, value))
            lines.append(f"{label_of(name)}: {text}" if name in labeled else text)
        return "\n".join(filter(None, lines))

    def format_demos(
        self, signature: type[dspy.Signature], demos: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Format demonstrations; one with a `dspy.History` is a whole conversation, in the form of
        the request's own, whose turns hold no plan either.
        """
        history = self._get_history_field_name(signature)
        if history is None:
            return super().format_demos(signature, demos)
        turn = signature.delete(history)
        turns: list[dict[str, Any]] = []
        for demo in demos:
            turns += _messages(demo.get(history))
            turns.append({name: demo[name] for name in turn.fields if name in demo})
        shown = {history: dspy.History(messages=turns)}
        return self.format_conversation_history(turn, history, shown)

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        fields = output_fields(signature)
        text = completion.strip()
        labeled = labeled_fields(signature)
        for form in forms_of(signature):  # small models sometimes copy it instead of filling it in
            text = text.replace(form, "")
        values, head = labeled_values(text, labeled)
        outputs: dict[str, Any] = {}
        for name, field in fields.items():
            value = values.get(name)
            if not value:
                value = head if name in labeled else without_label(head, name)
            try:
                outputs[name] = parse_field(value, field)
            except ValueError:
                value = ""
            # Only the unlabeled text, such as the reasoning, may be empty.
            if not value and (name in labeled or not labeled):
                kind: Any = signature
                raise AdapterParseError("LeanAdapter", kind, completion)
        return outputs


def _messages(history: object) -> list[dict[str, Any]]:
    """Return the turns of a conversation, also of one that a program file holds as plain data."""
    if isinstance(history, dspy.History):
        return history.messages
    if isinstance(history, Mapping):
        history = history.get("messages")
    return list(history) if isinstance(history, list) else []


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
