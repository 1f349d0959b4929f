"""What agents did in the games of an evaluation: steps, escalations, and how episodes ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...programs.agent.records import (
    LOOP,
    LOST,
    STEPS,
    TOKENS,
    UNREAD,
    WON,
    is_decision,
    is_escalated,
    is_restart,
)
from ...util.text import plural
from .store import QuestionResult

_FAILED = "the game failed"
_ENDS = (WON, LOST, STEPS, TOKENS, LOOP, UNREAD, _FAILED)


@dataclass(frozen=True)
class EpisodeSummary:
    """The episodes of an evaluation.

    Attributes:
        games: number of games.
        steps: number of steps that models decided, of all attempts.
        escalated: number of steps that no earlier round accepted.
        unread: number of steps without a readable action.
        steps_of_won: mean number of steps of the games that were won; None without any.
        ends: number of games by why they ended.
    """

    games: int
    steps: int
    escalated: int
    unread: int
    steps_of_won: float | None
    ends: Mapping[str, int]

    @property
    def escalated_share(self) -> float:
        """The share of the steps that were escalated."""
        return self.escalated / self.steps if self.steps else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "games": self.games,
            "steps": self.steps,
            "escalated": self.escalated,
            "unread": self.unread,
            "steps_of_won": self.steps_of_won,
            "ends": dict(self.ends),
        }

    def metrics(self) -> dict[str, float | int | None]:
        """Return the metrics of MLflow. A resumed run replaces them, so no end is left out."""
        metrics: dict[str, float | int | None] = {
            "episodes.games": self.games,
            "episodes.success": self.ends.get(WON, 0) / self.games,
            "episodes.steps": self.steps,
            "episodes.steps_of_won": self.steps_of_won,
            "episodes.escalated_share": self.escalated_share,
            "episodes.unread": self.unread,
        }
        for end in (*_ENDS, *self.ends):
            metrics[f"episodes.ended.{end.replace(' ', '_')}"] = self.ends.get(end, 0)
        return metrics

    def text(self) -> str:
        """Return a sentence for the table."""
        steps = self.steps / self.games if self.games else 0.0
        text = f"{steps:.1f} steps a game"
        if self.steps_of_won is not None:
            text += f", {self.steps_of_won:.1f} where it was won"
        text += f"; {self.escalated_share:.1%} of {plural(self.steps, 'step')} escalated"
        if self.unread:
            text += f", {self.unread} without a readable action"
        ends = ", ".join(f"{end} {count}" for end, count in self.ends.items())
        return f"{text}; ended: {ends}"


def summarize_episodes(results: Sequence[QuestionResult]) -> EpisodeSummary | None:
    """Return what the agents of some results did; None where the questions were no games."""
    games = [result for result in results if result.steps]
    if not games:
        return None
    decided = [[step for step in game.steps if is_decision(step)] for game in games]
    steps = [step for game in decided for step in game]
    won = [len(own) for game, own in zip(games, decided, strict=True) if game.score == 1.0]
    ends = Counter(_end(game) for game in games)
    return EpisodeSummary(
        games=len(games),
        steps=len(steps),
        escalated=sum(map(is_escalated, steps)),
        unread=sum(step["action"] is None and not is_restart(step) for step in steps),
        steps_of_won=sum(won) / len(won) if won else None,
        ends=dict(ends.most_common()),
    )


def _end(game: QuestionResult) -> str:
    """Return why a game ended; all games that failed themselves count together."""
    end = game.steps[-1].get("end", "unknown")
    return _FAILED if end.startswith(_FAILED) else end
