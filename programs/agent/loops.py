"""Keep an episode from running in a circle."""

from collections import Counter
from collections.abc import Iterable

from .environment import Turn

_State = tuple[str, tuple[str, ...]]
_REPEATS = 2  # how often an action is offered in one state


class LoopGuard:
    """Leaves out actions that show nothing new.

    A state is what a player sees: the observation and the possible actions. A small model goes back
    and forth between places that it knows. An action that only looks is offered again after another
    one has changed something. Every action is offered twice at most in the same state.

    Args:
        patience: after so many successive steps without a new state the episode runs in a circle.
        looks: the first words of actions that only look, such as `go` where all places can be
            reached at once.
    """

    def __init__(self, patience: int, looks: Iterable[str] = ()) -> None:
        self._patience, self._looks = patience, frozenset(looks)
        self._taken: Counter[tuple[_State, str]] = Counter()
        self._seen: set[_State] = set()
        self._looked: set[str] = set()  # since the last change
        self._latest = ""
        self._stale = 0

    def see(self, turn: Turn) -> None:
        """Receive the next state of the game."""
        state = _state(turn)
        is_new = state not in self._seen
        self._seen.add(state)
        self._stale = 0 if is_new else self._stale + 1
        if self._latest.split(" ")[0] in self._looks:
            self._looked.add(self._latest)
        elif is_new:
            self._looked.clear()

    def offered(self, turn: Turn) -> list[str]:
        """Return the possible actions that may show something new; maybe none.

        Where all of them have looked before, they are offered again.
        """
        state = _state(turn)
        found = [one for one in turn.admissible if self._taken[state, one] < _REPEATS]
        return [one for one in found if one not in self._looked] or found

    def take(self, turn: Turn, action: str) -> None:
        """Receive that an action is taken in a state."""
        self._taken[_state(turn), action] += 1
        self._latest = action

    @property
    def is_stuck(self) -> bool:
        """Whether no new state came for a long time."""
        return self._stale >= self._patience


def _state(turn: Turn) -> _State:
    return turn.observation, tuple(sorted(turn.admissible))
