"""Select the demonstrations that a predictor can use."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy


def usable_demos(predict: dspy.Predict, nearest: Sequence[Any] = ()) -> list[Any]:
    """Return the demonstrations that hold the predictor's last output field.

    An optimizer gives raw training examples to every predictor of a program. An example has no
    plan, so a planner cannot use it; a reasoner needs the last field, the answer or the program.

    Args:
        predict: the predictor.
        nearest: demonstrations selected for the question; they come last.
    """
    if not predict.demos and not nearest:
        return []
    outputs = list(_signature(predict).output_fields)
    return [demo for demo in (*predict.demos, *nearest) if demo.get(outputs[-1])]


def visible_fields(predict: dspy.Predict, nearest: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Return the usable demonstrations as plain data, with the fields that the model sees."""
    signature = _signature(predict)
    names = (*signature.input_fields, *signature.output_fields, "augmented")
    rows: list[Mapping[str, Any]] = [dict(demo.items()) for demo in usable_demos(predict, nearest)]
    return [plain_fields({name: row[name] for name in names if name in row}) for row in rows]


def plain_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a call as plain data, which a file can hold."""
    plain: dict[str, Any] = {}
    for name, value in fields.items():
        plain[name] = value.messages if isinstance(value, dspy.History) else value
    return plain


def _signature(predict: dspy.Predict) -> Any:
    return predict.signature  # DSPy types it as an instance; it is a class


def text_inputs(signature: type[dspy.Signature], texts: Mapping[str, str]) -> dict[str, Any]:
    """Return texts as the inputs of a prompt; a `dspy.History` has its text as one message.

    Args:
        signature: the prompt's.
        texts: a text for each input field.
    """
    inputs: dict[str, Any] = dict(texts)
    plain = [name for name, f in signature.input_fields.items() if f.annotation is not dspy.History]
    for name, field in signature.input_fields.items():
        if field.annotation is dspy.History and name in texts:
            inputs[name] = dspy.History(messages=[{plain[0]: texts[name]}])
    return inputs
