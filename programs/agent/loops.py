"""Keep an episode from running in a circle."""

from collections import Counter

from .environment import Turn


class LoopGuard:
    """Offers an action again only after a change.

    A small model goes back and forth between places that it knows. A change is a step that leads to
    a new state, and makes nothing possible that was done before: a thing is taken, or a door is
    opened. To go from one known place to another is none, because it makes possible to go back. The
    step of an action may be the change itself. An action that led to nothing new needs one change
    more each time.

    Args:
        patience: after so many successive steps without a new state the episode runs in a circle.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._seen: set[tuple[str, tuple[str, ...]]] = set()
        self._possible: frozenset[str] = frozenset()
        self._changes = 0
        self._due: dict[str, int] = {}  # by action: the number of changes at which it is offered
        self._in_vain: Counter[str] = Counter()
        self._latest: str | None = None
        self._stale = 0

    def see(self, turn: Turn) -> None:
        """Receive the next state of the game."""
        possible = frozenset(turn.admissible)
        state = (turn.observation, tuple(sorted(possible)))
        is_new = state not in self._seen
        self._seen.add(state)
        self._stale = 0 if is_new else self._stale + 1
        if self._latest is not None:
            is_change = is_new and (possible - self._possible).isdisjoint(self._due)
            self._in_vain[self._latest] += not is_new
            self._due[self._latest] = self._changes + 1 + self._in_vain[self._latest]
            self._changes += is_change
        self._possible = possible

    def offered(self, turn: Turn) -> list[str]:
        """Return the possible actions that may lead to something new; maybe none."""
        return [one for one in turn.admissible if self._due.get(one, 0) <= self._changes]

    def take(self, action: str) -> None:
        """Receive that an action is taken."""
        self._latest = action

    @property
    def is_stuck(self) -> bool:
        """Whether no new state came for a long time."""
        return self._stale >= self._patience
