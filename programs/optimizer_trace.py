"""DSPy's trace of a question: the calls that its optimizers may learn from."""

from collections.abc import Sequence
from typing import Any

import dspy

from .cascade_round import CascadeRound


def trace_of_answer(
    rounds: Sequence[CascadeRound], results: Sequence[dspy.Prediction]
) -> list[Any]:
    """Return the calls that a question's answer came from.

    These are the winner's in the round that answered, and those of earlier plans that this round
    saw. A round that was escalated past decided nothing, so its solutions are no examples.

    Args:
        rounds: those that ran, in order; the last one answered.
        results: what they gave.
    """
    entries: list[Any] = []
    for round_, result in zip(rounds[:-1], results[:-1], strict=True):
        if round_.number in rounds[-1].spec.sees:
            entries += plan_trace(result)
    return entries + winning_trace(results[-1])


def winning_trace(result: dspy.Prediction) -> list[Any]:
    """Return the traces of the sample behind a round's answer and of the plan all samples share."""
    shared = result.shared.trace if result.shared else []
    first = next((s for s in result.samples if s.index in result.verdict.supporters[:1]), None)
    return [*shared, *(first.trace if first else [])]


def plan_trace(result: dspy.Prediction) -> list[Any]:
    """Return the trace of the plan that a round forwarded."""
    if result.shared:
        return list(result.shared.trace)
    made = next((s for s in result.samples if s.plan and s.plan == result.plan), None)
    return made.trace[:1] if made else []


def extend_trace(entries: list[Any]) -> None:
    """Put calls into the trace that DSPy's optimizers learn from, where one is kept."""
    trace = dspy.settings.trace
    if trace is not None:
        trace.extend(entries[: max(0, dspy.settings.max_trace_size - len(trace))])
