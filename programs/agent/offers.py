"""The order in which the possible actions of a step are shown."""

from collections import Counter
from collections.abc import Iterable


class Offers:
    """Sorts the possible actions of each step of an episode.

    Small models prefer what stands at the start of a list. So an action that was taken less often
    comes first; then one that was possible less often, because what an action has just made
    possible is mostly what it was taken for; then the alphabet decides.

    >>> offers = Offers()
    >>> offers.sort(["go to bed", "open box"])
    ['go to bed', 'open box']
    >>> offers.take("open box")
    >>> offers.sort(["go to bed", "open box", "take key from box"])
    ['take key from box', 'go to bed', 'open box']
    """

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()

    def sort(self, admissible: Iterable[str]) -> list[str]:
        """Return the actions of the next step in order. It is called once for each step."""
        actions = set(admissible)
        ordered = sorted(actions, key=lambda one: (self._taken[one], self._seen[one], one))
        self._seen.update(actions)
        return ordered

    def take(self, action: str) -> None:
        """Receive that an action is taken."""
        self._taken[action] += 1
