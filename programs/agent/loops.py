"""Notice that an episode runs in a circle."""

from collections import Counter

from .environment import Turn

_State = tuple[str, tuple[str, ...]]


class LoopGuard:
    """Counts the states of an episode and the actions that were taken in them.

    A state is what a player sees: the observation and the possible actions.

    Args:
        repeats: how often an action may be taken in one state.
        patience: after so many successive steps without a new state the episode runs in a circle.
    """

    def __init__(self, repeats: int, patience: int) -> None:
        self._repeats, self._patience = repeats, patience
        self._taken: Counter[tuple[_State, str]] = Counter()
        self._seen: set[_State] = set()
        self._stale = 0

    def see(self, turn: Turn) -> None:
        """Receive the next state of the game."""
        state = _state(turn)
        self._stale = self._stale + 1 if state in self._seen else 0
        self._seen.add(state)

    def offered(self, turn: Turn) -> list[str]:
        """Return the possible actions that were not taken too often in this state; maybe none."""
        state = _state(turn)
        return [one for one in turn.admissible if self._taken[state, one] < self._repeats]

    def take(self, turn: Turn, action: str) -> None:
        """Receive that an action is taken in a state."""
        self._taken[_state(turn), action] += 1

    @property
    def is_stuck(self) -> bool:
        """Whether no new state came for a long time."""
        return self._stale >= self._patience


def _state(turn: Turn) -> _State:
    return turn.observation, tuple(sorted(turn.admissible))
