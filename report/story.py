"""The episode of a game as compact plain data for the page."""

from typing import Any

from ..eval.run.store import QuestionResult
from ..models import Usage
from ..programs.agent.records import StepRecord, is_restart
from ..programs.round_record import RoundRecord
from ..util.text import shorten

_LONGEST = 2000  # characters of an observation, a plan or a thought
_MOST_THOUGHTS = 4  # of a round


def episode_story(record: QuestionResult) -> list[dict[str, Any]]:
    """Return the steps of a game; empty for another question.

    A step has what the player saw, the rounds with votes, plan and thoughts, the action, its cost
    in USD, and whether the game starts again with the next round.
    """
    return [_step(step) for step in record.steps]


def _step(step: StepRecord) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "step": step["step"],
        "attempt": step["attempt"],
        "observation": shorten(step["observation"], _LONGEST),
        "action": step["action"],
    }
    rounds, usage, end = step.get("rounds"), step.get("usage"), step.get("end")
    if rounds:
        plain["rounds"] = [_round(round_) for round_ in rounds]
    if usage:
        plain["usd"] = Usage.from_rows(usage).usd
    if end:
        plain["end"] = end
    if rounds and is_restart(step):
        plain["restarts"] = True
    return plain


def _round(record: RoundRecord) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "round": record["round"],
        "accepted": record["accepted"],
        "confidence": round(record["confidence"], 4),
        "votes": dict(record["votes"]),
    }
    if record.get("plan"):
        plain["plan"] = shorten(str(record["plan"]), _LONGEST)
    thoughts = [sample["reasoning"] for sample in record.get("samples", []) if sample["reasoning"]]
    if thoughts:
        plain["thoughts"] = [shorten(text, _LONGEST) for text in thoughts[:_MOST_THOUGHTS]]
    return plain
