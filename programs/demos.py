"""Select the demonstrations that a predictor can use."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy

from .prompt_inputs import plain_fields


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


def _signature(predict: dspy.Predict) -> Any:
    return predict.signature  # DSPy types it as an instance; it is a class
