"""Replay recorded episodes at other thresholds, as far as they stay the same.

A game is recorded along one path. At other thresholds a step may take another action, and then the
game is in a state that was never seen. So an episode is replayed up to its first different action,
and what comes after it is unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...programs.agent.records import StepRecord
from ...programs.round_record import RoundRecord
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.text import plural
from ..run.store import QuestionResult, RunStore

SAME, OTHER_ACTION, NOT_RECORDED = "same", "another action", "a round that was not recorded"


@dataclass(frozen=True)
class ReplayedEpisode:
    """A recorded episode at other thresholds.

    Attributes:
        same: number of steps that take the recorded action.
        steps: number of recorded steps.
        escalated: how many of the `same` steps are escalated.
        why: `SAME` when the whole episode is the same; else why its rest is unknown.
    """

    same: int
    steps: int
    escalated: int
    why: str

    @property
    def is_known(self) -> bool:
        """Whether the whole episode is the same, and so is its outcome."""
        return self.why == SAME


def replay_episode(steps: Sequence[StepRecord], thresholds: Mapping[int, float]) -> ReplayedEpisode:
    """Replay the last attempt of an episode up to its first different action.

    Args:
        steps: the records of the steps.
        thresholds: by the number of a round, from 1; the others keep theirs.
    """
    last = max((step["attempt"] for step in steps), default=1)
    decided = [step for step in steps if step["attempt"] == last and step.get("rounds")]
    same = escalated = 0
    for step in decided:
        rounds = step.get("rounds", [])
        place = _deciding_round(rounds, thresholds)
        if place is None:
            return ReplayedEpisode(same, len(decided), escalated, NOT_RECORDED)
        if rounds[place]["answer"] != step["action"]:
            return ReplayedEpisode(same, len(decided), escalated, OTHER_ACTION)
        same += 1
        escalated += place > 0
    return ReplayedEpisode(same, len(decided), escalated, SAME)


def _deciding_round(rounds: Sequence[RoundRecord], thresholds: Mapping[int, float]) -> int | None:
    """Return the place of the round that decides a step; None when it was not recorded."""
    for place, record in enumerate(rounds):
        threshold = record["threshold"]
        if threshold is not None:
            threshold = thresholds.get(record["round"], threshold)
        if record["answer"] is None and threshold is not None:
            continue
        if threshold is None or record["confidence"] >= threshold - FLOAT_TOLERANCE:
            return place
    return None


@dataclass(frozen=True)
class ReplayedGames:
    """The episodes of a run at other thresholds.

    Attributes:
        thresholds: by the number of a round.
        episodes: the replay of each game, by its key.
        won: how many of the games whose whole episode is the same are won.
    """

    thresholds: Mapping[int, float]
    episodes: Mapping[str, ReplayedEpisode]
    won: int

    @property
    def known(self) -> int:
        """The number of games whose whole episode is the same."""
        return sum(one.is_known for one in self.episodes.values())

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        same = sum(one.same for one in self.episodes.values())
        return {
            "thresholds": {str(number): value for number, value in self.thresholds.items()},
            "games": len(self.episodes),
            "known": self.known,
            "won": self.won,
            "steps": sum(one.steps for one in self.episodes.values()),
            "same": same,
            "escalated": sum(one.escalated for one in self.episodes.values()),
        }

    def text(self) -> str:
        """Return sentences about what is known, and what is not."""
        plain = self.as_dict()
        share = plain["escalated"] / plain["same"] if plain["same"] else 0.0
        text = (
            f"{plain['same']} of {plural(plain['steps'], 'step')} take the recorded action, and "
            f"{share:.1%} of them are escalated; {self.known} of "
            f"{plural(plain['games'], 'game')} are the same to their end, of which {self.won} "
            "are won"
        )
        if self.known < plain["games"]:
            text += (
                "; the rest is unknown, because after a different action a game is in a state "
                "that was never recorded: play the games at these thresholds"
            )
        return text


def replay_games(
    results: Iterable[QuestionResult], thresholds: Mapping[int, float]
) -> ReplayedGames:
    """Replay the episodes of a run at other thresholds.

    Args:
        results: those of the run; results without steps are left out.
        thresholds: by the number of a round, from 1; the others keep theirs.
    """
    episodes: dict[str, ReplayedEpisode] = {}
    won = 0
    for result in results:
        if result.steps:
            one = episodes[result.key] = replay_episode(result.steps, thresholds)
            won += one.is_known and result.score == 1.0
    return ReplayedGames(thresholds, episodes, won)


def replay_run(folder: Path, thresholds: Sequence[float]) -> ReplayedGames:
    """Replay the episodes of a run's folder at other thresholds.

    Args:
        folder: the folder of a run of `cope eval` on games.
        thresholds: one for each round that has a threshold, in order; the others keep theirs.

    Raises:
        CopeError: for another folder, a run without games, or too many thresholds.
    """
    run = RunStore.read(folder)
    games = [result for result in run.answered.values() if result.steps]
    if not games:
        raise CopeError(f"{folder} has no games: --replay takes a record, or a run of games")
    gated = [stage.number for stage in run.stages if stage.threshold is not None]
    if len(thresholds) > len(gated):
        raise CopeError(f"the run has {len(gated)} thresholds, and {len(thresholds)} are given")
    return replay_games(games, dict(zip(gated, thresholds, strict=False)))
