"""The history of an episode as turns: what the player saw, and the action that he took.

A chat model continues a conversation of turns better than it reads a list of past steps, and each
step adds one short turn to the prompt, whose beginning engines cache.
"""

from collections.abc import Sequence

from ...util.text import one_line, shorten
from .history import NOT_POSSIBLE, PastStep

NOW, ACTION = "now", "action"
"""The fields of a turn."""

_LONGEST = 500  # characters of what is seen after the first step
_LEFT_OUT_AT_ONCE = 8  # turns, so that most steps begin with the same prompt as the one before


def opening(task: str, first: str) -> str:
    """Return what the first turn shows: where the player is, and what has to be achieved."""
    return _with_task(f"A new game. {one_line(first)}", task)


def past_turns(
    task: str, first: str, past: Sequence[PastStep], max_chars: int
) -> list[dict[str, str]]:
    """Return a turn for each step so far; the oldest ones are left out, and the first one never.

    Args:
        task: what has to be achieved.
        first: what was seen at the start of the game.
        past: the steps so far.
        max_chars: the maximum characters of the turns after the first one.

    >>> past_turns("Eat.", "A kitchen.", [PastStep("open fridge", "You see an egg.")], 100)
    [{'now': 'A new game. A kitchen.\\nTask: Eat.', 'action': 'open fridge'}]
    """
    turns: list[dict[str, str]] = []
    for number, step in enumerate(past):
        seen = turn_text(task, past[number - 1]) if number else opening(task, first)
        turns.append({NOW: seen, ACTION: step.action or _said(step)})
    left_out = 0
    while sum(map(_length, turns[1 + left_out :])) > max_chars:
        left_out += _LEFT_OUT_AT_ONCE
    return turns[:1] + turns[1 + left_out :]


def turn_text(task: str, step: PastStep) -> str:
    """Return what a turn shows of where a step led to.

    Each turn names the task, because a small model takes what it sees where the task is far above.
    """
    if step.action is None:
        return _with_task(f"That is {NOT_POSSIBLE}.", task)
    return _with_task(shorten(one_line(step.observation), _LONGEST), task)


def _with_task(seen: str, task: str) -> str:
    return f"{seen}\nTask: {task}"


def _said(step: PastStep) -> str:
    return shorten(one_line(step.said), 60) or "nothing"


def _length(turn: dict[str, str]) -> int:
    return sum(map(len, turn.values()))
