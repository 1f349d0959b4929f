"""Solved games as demonstrations of prompts that read a game as the turns of a conversation."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy

from ...programs.prompt_inputs import history_field


def solved_games(
    predict: dspy.Predict, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]] | None:
    """Return the last step of each game, whose turns are the steps before it.

    Args:
        predict: a predictor.
        rows: the steps of solved games, with the field names of the predictor.

    Returns:
        The fields that the predictor shows, and the question; None for a predictor without turns.
    """
    signature: Any = predict.signature  # DSPy types it as an instance; it is a class
    turns = history_field(signature)
    if turns is None:
        return None
    last: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        steps = row.get(turns)
        solved = all(row.get(name) for name in signature.output_fields)
        if not isinstance(steps, list) or not steps or not solved:
            continue
        game = str(steps[0])
        if game not in last or len(steps) > len(last[game][turns]):
            last[game] = row
    demos: list[dict[str, Any]] = []
    for row in last.values():
        shown = {name: row[name] for name in signature.fields if name in row}
        demos.append({"question": str(row["question"])} | shown)
    return demos
