"""What an optimizer that reflects on failures sees of a round."""

from typing import Any

import dspy

from ...programs.cascade import winner
from ...programs.cascade_round import NO_PLAN, CascadeRound
from ...programs.confidence.base import Sample


def reflected(
    round_: CascadeRound, result: dspy.Prediction, question: str, plans: dict[int, str | None]
) -> list[Any]:
    """DSPy's trace of a round for reflection: its winner's calls, else those of its first sample, unreadable replies too.

    Args:
        round_: the round.
        result: what it gave.
        question: what it was asked.
        plans: those of earlier rounds that it saw, by round.
    """
    if result.verdict.supporters:
        return winner(result)
    found: list[Any] = []
    for part in (result.shared, next(iter(result.samples), None)):
        if part is None:
            continue
        found += part.trace
        if part.unread is not None:
            found.append(
                _unread(round_, part, part is result.shared, {"question": question}, plans)
            )
    return found


def _unread(
    round_: CascadeRound,
    part: Sample,
    shared: bool,
    asked: dict[str, Any],
    plans: dict[int, str | None],
) -> Any:
    """The call whose reply could not be read, with the reply in place of its last field."""
    solver: Any = round_.reasoner.predict
    planning = round_.planner is not None and (
        shared or any(predict is solver for predict, *_ in part.trace)
    )
    if not planning:
        known = {**plans, round_.number: part.plan}
        asked = {
            **asked,
            **{field: known.get(number) or NO_PLAN for number, field in round_.fields.items()},
        }
    predict: Any = round_.planner.predict if planning and round_.planner else solver
    return (
        predict,
        asked,
        dspy.Prediction(**{list(predict.signature.output_fields)[-1]: part.unread}),
    )
