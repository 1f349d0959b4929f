"""How games ended, so that an episode that was just played need not be played again to score it."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ...programs.agent.environment import Game
from ...util.hashing import digest

_MOST = 4096


@dataclass(frozen=True)
class Outcome:
    """The end of a sequence of actions.

    Attributes:
        reward: the share of the game's points, 0 to 1.
        won: whether the game was won.
        failure: why the game itself failed; None if it did not.
    """

    reward: float
    won: bool
    failure: str | None = None


_outcomes: OrderedDict[str, Outcome] = OrderedDict()


def remember_outcome(game: Game, actions: Sequence[str], outcome: Outcome) -> None:
    """Keep how a sequence of actions ended, in this process."""
    _outcomes[_key(game, actions)] = outcome
    while len(_outcomes) > _MOST:
        _outcomes.popitem(last=False)


def known_outcome(game: Game, actions: Sequence[str]) -> Outcome | None:
    """Return how a sequence of actions ended; None when it was not played in this process."""
    return _outcomes.get(_key(game, actions))


def _key(game: Game, actions: Sequence[str]) -> str:
    return digest(dict(game), list(actions))
