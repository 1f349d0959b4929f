"""The history of an episode as a text that fits small contexts."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...util.text import one_line, shorten

_LATEST = 4  # steps that keep their observation whole
_LONG, _SHORT = 300, 70  # characters of an observation
_LONGEST_SAID = 60  # characters
NO_HISTORY = "none, this is the first step"
NO_ACTION = "(no action could be read)"
NOT_POSSIBLE = "not possible, choose another action"


@dataclass(frozen=True)
class PastStep:
    """An action, and what it led to.

    Attributes:
        action: None when none could be read.
        observation: what the player saw then.
        said: what was written in place of a possible action; a model sees it, because it would
            write the same again.
    """

    action: str | None
    observation: str
    said: str = ""


def history_text(past: Sequence[PastStep], max_chars: int) -> str:
    """Return the steps so far, one a line; the more there are, the shorter are the older ones.

    The last observation is left out, because prompts show it apart. The text is summarized without
    a model: older observations are cut, then left out, and at last the oldest steps are left out.

    Args:
        past: the steps so far.
        max_chars: the maximum characters of the text.

    >>> steps = [PastStep("open door", "It is open."), PastStep("go east", "A kitchen.")]
    >>> print(history_text(steps, 200))
    1. open door -> It is open.
    2. go east
    """
    if not past:
        return NO_HISTORY
    for older, latest in ((_LONG, _LONG), (_SHORT, _LONG), (0, _SHORT), (0, 0)):
        text = "\n".join(_lines(past, older, latest))
        if len(text) <= max_chars:
            return text
    return _without_oldest(_lines(past, 0, 0), max_chars)


def _lines(past: Sequence[PastStep], older: int, latest: int) -> list[str]:
    """Return a line for each step, with observations of at most so many characters."""
    lines = []
    for number, step in enumerate(past, 1):
        line = f"{number}. {step.action or _unread(step.said)}"
        room = latest if number > len(past) - _LATEST else older
        if room and step.action and number < len(past):
            line += f" -> {shorten(one_line(step.observation), room)}"
        lines.append(line)
    return lines


def _unread(said: str) -> str:
    """Return what the history shows of a step without an action."""
    line = one_line(said)
    return f"{shorten(line, _LONGEST_SAID)} -> {NOT_POSSIBLE}" if line else NO_ACTION


def _without_oldest(lines: list[str], max_chars: int) -> str:
    """Return the last lines that fit, below a line about the others."""
    kept: list[str] = []
    length = 60  # of the first line
    for line in reversed(lines):
        length += len(line) + 1
        if length > max_chars and kept:
            break
        kept.append(line)
    left_out = len(lines) - len(kept)
    return "\n".join([f"({left_out} earlier steps are left out)", *reversed(kept)])
