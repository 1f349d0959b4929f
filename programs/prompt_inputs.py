"""The inputs of a prompt: which fields it shows, and the turns of a conversation among them."""

from collections.abc import Mapping
from typing import Any

import dspy

from .task_signature import INPUTS


def history_field(signature: Any) -> str | None:
    """Return the name of the input that holds the turns of a conversation; None without one."""
    for name, field in signature.input_fields.items():
        if field.annotation is dspy.History:
            return name
    return None


def prompt_inputs(
    question: str, inputs: Mapping[str, Any], signature: Any = None
) -> dict[str, Any]:
    """Return the fields of a question that prompts show: it alone, or those of a signature.

    Args:
        question: the question.
        inputs: its other inputs.
        signature: the prompt's, which may show some of the fields; None shows all. Turns become
            the `dspy.History` that it asks for.
    """
    fields: dict[str, Any] = dict(inputs.get(INPUTS) or {"question": question})
    if signature is None:
        return fields
    shown = {name: fields[name] for name in signature.input_fields if name in fields}
    turns = history_field(signature)
    if turns is not None and turns in shown:
        shown[turns] = dspy.History(messages=shown[turns])
    return shown


def plain_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a call as plain data, which a file can hold."""
    plain: dict[str, Any] = {}
    for name, value in fields.items():
        plain[name] = value.messages if isinstance(value, dspy.History) else value
    return plain


def text_inputs(signature: type[dspy.Signature], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return texts as the inputs of a prompt; a `dspy.History` has its text as one message.

    Args:
        signature: the prompt's.
        texts: a text for each input field.
    """
    inputs: dict[str, Any] = dict(texts)
    turns = history_field(signature)
    if turns is not None and turns in texts:
        other = next(name for name in signature.input_fields if name != turns)
        inputs[turns] = dspy.History(messages=[{other: texts[turns]}])
    return inputs
