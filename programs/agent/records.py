"""The record of an episode as plain data: in predictions, in run folders and in reports."""

from collections.abc import Sequence
from typing import NotRequired

from typing_extensions import TypedDict

from ...models.usage_row import UsageRow
from ..round_record import RoundRecord

WON, LOST = "won", "lost"
STEPS, TOKENS, LOOP, UNREAD = "step limit", "token limit", "loop", "no readable action"
ESCALATED = "escalated"


class StepRecord(TypedDict):
    """One step of an episode.

    Attributes:
        attempt: from 1; an escalated episode starts again, see `ESCALATIONS`.
        step: from 1 in each attempt.
        observation: what the player sees before the action.
        action: the action that is taken; None when none could be read, and at the end.
        offered: number of actions that were offered.
        started: the round in which the step started.
        rounds: the records of the rounds that chose the action.
        reward: the share of the game's points so far.
        usage: the calls of the step, by tier, round and role.
        seconds: wall time until the action was chosen.
        end: why the attempt ended, in its last record, which has the last observation.
    """

    attempt: int
    step: int
    observation: str
    action: str | None
    offered: NotRequired[int]
    started: NotRequired[int]
    rounds: NotRequired[list[RoundRecord]]
    reward: float
    usage: NotRequired[list[UsageRow]]
    seconds: NotRequired[float]
    end: NotRequired[str]


def is_decision(step: StepRecord) -> bool:
    """Return whether models chose the action of a step; the last record of an attempt has none."""
    return bool(step.get("rounds"))


def written_text(rounds: Sequence[RoundRecord]) -> str:
    """Return what a sample of the last round wrote, the first one that wrote anything."""
    samples = rounds[-1].get("samples", []) if rounds else []
    for sample in samples:
        if sample["reasoning"].strip():
            return sample["reasoning"]
    return ""


def is_restart(step: StepRecord) -> bool:
    """Return whether the game starts again after a step, whose action is then not taken."""
    rounds = step.get("rounds")
    return bool(rounds) and step["action"] is None and rounds[-1]["answer"] is not None


def is_escalated(step: StepRecord) -> bool:
    """Return whether a step was escalated: a round did not accept the action, and a later one ran.

    The step at which an episode starts again is escalated too.
    """
    rounds = step.get("rounds", [])
    return len(rounds) > 1 or any(not round_["accepted"] for round_ in rounds)
