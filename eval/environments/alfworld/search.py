"""Win a game as a player does who does not know where things are: look for them first.

The planner knows what is in each place, so that its solution goes straight to an object. A player
who learns from it never sees a place without the object, and goes on to guess.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

from ..base import Environment, Solution

_VISITS = (0, 1, 2, 2, 3)  # places without the object that are visited first
_GO, _TAKE = "go to ", "take "


def search_actions(
    environment: Environment, solution: Solution, seen: Mapping[str, str]
) -> Iterator[str]:
    """Yield the actions of a solution, with visits of other places before each object is taken.

    Args:
        environment: the game, in which the actions are taken while they are yielded.
        solution: the planner's.
        seen: what is seen in each place, by its name.
    """
    chance = random.Random(solution.task + "\n".join(solution.actions))
    visited: set[str] = set()
    for number, action in enumerate(solution.actions):
        if action.startswith(_GO):
            place = action.removeprefix(_GO)
            wanted = _taken_there(solution.actions[number + 1 :])
            if wanted:
                others = _places_without(wanted, seen, visited | {place})
                chance.shuffle(others)
                for other in others[: chance.choice(_VISITS)]:
                    visited.add(other)
                    yield _GO + other
                    if f"open {other}" in environment.admissible:
                        yield f"open {other}"
            visited.add(place)
        was_opened = action.startswith("open ") and action not in environment.admissible
        if not was_opened:
            yield action


def look_around(environment: Environment) -> dict[str, str]:
    """Return what is seen in each place of a game, by visiting all of them and opening them."""
    environment.reset()
    places = [action for action in environment.admissible if action.startswith(_GO)]
    seen: dict[str, str] = {}
    for going in places:
        place = going.removeprefix(_GO)
        text, _, _ = environment.step(going)
        if f"open {place}" in environment.admissible:
            inside, _, _ = environment.step(f"open {place}")
            text += inside
        seen[place] = text
    return seen


def _taken_there(actions: Sequence[str]) -> str:
    """Return the kind of object that is taken in the place that was gone to; empty for none.

    >>> _taken_there(["open fridge 1", "take egg 2 from fridge 1"])
    'egg'
    """
    for action in actions:
        if action.startswith(_TAKE):
            return action.removeprefix(_TAKE).split(" ")[0]
        if not action.startswith("open "):
            break
    return ""


def _places_without(wanted: str, seen: Mapping[str, str], left_out: set[str]) -> list[str]:
    """Return the places in which no object of a kind is seen."""
    found = []
    for place, text in seen.items():
        if place not in left_out and f" {wanted} " not in text:
            found.append(place)
    return sorted(found)
