"""Which demonstrations a model is shown: those that have what its predictor writes."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy


def usable_demos(predict: dspy.Predict, nearest: Sequence[Any] = ()) -> list[Any]:
    """The demonstrations of a predictor that show how to do its work, those chosen for the question last.

    An optimizer gives raw training rows to every predictor of a program. A row has no plan, so a planner is not shown any;
    a reasoner needs its last field, the answer or the program.
    """
    outputs = list(_signature(predict).output_fields)
    return [demo for demo in (*predict.demos, *nearest) if demo.get(outputs[-1])]


def visible_fields(predict: dspy.Predict, nearest: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The demonstrations as plain data without what the model does not see, such as hidden tests of a training row."""
    signature = _signature(predict)
    names = (*signature.input_fields, *signature.output_fields, "augmented")
    rows: list[Mapping[str, Any]] = [dict(demo.items()) for demo in usable_demos(predict, nearest)]
    return [{name: row[name] for name in names if name in row} for row in rows]


def _signature(predict: dspy.Predict) -> Any:
    return predict.signature  # DSPy types it as an instance; it is a class
