"""What stands behind an answer, as lines of text: votes of programs, visible tests, replies."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dspy

from ..util.text import one_line
from .cascade import Cascade
from .model_time import prediction_time
from .reply_counts import ReplyCounts


def prediction_lines(
    prediction: dspy.Prediction, style: Callable[..., str], cascade: Cascade
) -> Iterator[str]:
    """Yield lines about the votes of an ensemble, each visible test, replies, and model time.

    Args:
        prediction: of a cascade.
        style: colors a text: `style(text, fg="red")`.
        cascade: the program that answered.
    """
    members = prediction.get("members")
    if members:
        yield f"{len(members)} programs voted: {_format_votes(prediction.votes)}"
    for outcome in prediction.tests:
        yield _format_test(outcome, style)
    replies = ReplyCounts.of_rounds(prediction.rounds)
    text = replies.text() if replies else ""
    if text:
        yield text
    took = prediction_time(prediction, cascade)
    if took is not None:
        yield took.text()


def _format_votes(votes: Mapping[str, int]) -> str:
    parts = [f"{one_line(answer)}: {count}" for answer, count in votes.items()]
    return ", ".join(parts) or "no answer"


def _format_test(outcome: Mapping[str, Any], style: Callable[..., str]) -> str:
    """Return a line about a visible test; a lone call was only run to compare programs."""
    test = one_line(outcome["test"])
    if not outcome["passed"]:
        return f"{style('failed', fg='red')}  {test}  ({one_line(outcome['message'])})"
    if outcome["value"] is not None:
        return f"{test} gives {one_line(outcome['value'])}"
    return f"{style('passed', fg='green')}  {test}"
