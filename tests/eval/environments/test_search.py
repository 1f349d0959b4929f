"""Solutions that look for an object first, as a player does who does not know where it is."""

import pytest

from cope.eval.environments.alfworld.search import look_around, search_actions
from cope.eval.environments.base import Solution, SolvedStep, follow
from cope.eval.environments.textworld_game import observation_text, read_first

_INSIDE = {"desk 1": "a pen 1", "safe 1": "a key 2", "shelf 1": "nothing", "box 1": "a penknife 1"}
_CLOSED = {"safe 1", "box 1"}
_PLAN = ("go to desk 1", "take pen 1 from desk 1", "go to safe 1", "open safe 1", "move pen 1")


class Room:
    """Places with things, some of them closed; it is won by moving the pen at the safe."""

    def __init__(self) -> None:
        self.reset()

    @property
    def admissible(self) -> list[str]:
        actions = [f"go to {place}" for place in _INSIDE if place != self.at]
        if self.at in _CLOSED - self.opened:
            actions.append(f"open {self.at}")
        return actions

    def reset(self, seed: int = 0) -> str:
        self.at, self.opened = "", set[str]()
        return "A room."

    def step(self, action: str) -> tuple[str, float, bool]:
        assert not action.startswith(("go", "open")) or action in self.admissible
        if action.startswith("go to "):
            self.at = action.removeprefix("go to ")
        if action.startswith("open "):
            self.opened.add(self.at)
        seen = "It is closed." if self.at in _CLOSED - self.opened else f"{_INSIDE[self.at]} ."
        return seen, 1.0, action == "move pen 1"

    def clone(self) -> "Room":
        raise NotImplementedError


def solution(task: str) -> Solution:
    return Solution(task, tuple(SolvedStep("", (), action) for action in _PLAN))


def test_all_places_are_seen_also_inside() -> None:
    seen = look_around(Room())
    assert set(seen) == set(_INSIDE)
    assert all(_INSIDE[place] in text for place, text in seen.items())


@pytest.mark.parametrize("task", ["put a pen in a safe", "keep the pen", "a", "b", "c", "d"])
def test_a_search_wins_and_passes_only_places_without_the_object(task: str) -> None:
    room = Room()
    found = follow(room, task, search_actions(room, solution(task), look_around(room)))
    assert found is not None
    actions = list(found.actions)
    assert [action for action in actions if action in _PLAN[1:]] == [*_PLAN[1:]] or (
        "open safe 1" in actions[: actions.index(_PLAN[1])]
    )
    before = actions[: actions.index("go to desk 1")]
    assert {a for a in before if a.startswith("go")} <= {
        "go to safe 1",
        "go to shelf 1",
        "go to box 1",
    }
    for place in _CLOSED:
        if f"go to {place}" in before:
            assert before[before.index(f"go to {place}") + 1] == f"open {place}"
    again = Room()
    assert follow(again, task, search_actions(again, solution(task), look_around(again))) == found


def test_searches_differ_from_game_to_game() -> None:
    made = set()
    for number in range(12):
        room = Room()
        found = follow(room, "", search_actions(room, solution(f"{number}"), look_around(room)))
        assert found is not None
        made.add(found.actions)
    assert len(made) > 4


class Kitchen(Room):
    """A kitchen behind a hall: the cookbook is seen after the first step."""

    @property
    def admissible(self) -> list[str]:
        return ["go east"] if not self.at else ["examine cookbook", "eat meal"]

    def step(self, action: str) -> tuple[str, float, bool]:
        assert action in self.admissible
        self.at = "kitchen"
        return "You see a cookbook.", 1.0, action == "eat meal"


@pytest.mark.parametrize(
    "plan", [("go east", "eat meal"), ("go east", "examine cookbook", "eat meal")]
)
def test_a_recipe_is_read_once_as_soon_as_it_is_seen(plan: tuple[str, ...]) -> None:
    kitchen = Kitchen()
    found = follow(kitchen, "Cook.", read_first(kitchen, plan))
    assert found is not None
    assert found.actions == ("go east", "examine cookbook", "eat meal")


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("-= Kitchen =-0/2", "-= Kitchen =- points: 0"),
        ("-= Living Room =-12/345", "-= Living Room =- points: 12"),
        ("-= Room 2 =- -1/7", "-= Room 2 =- points: -1"),
        ("-= The = Den =-3/10", "-= The = Den =- points: 3"),
    ],
)
def test_an_observation_counts_no_actions(status: str, shown: str) -> None:
    """Else a game that runs in a circle would look new at each step."""
    said = "-= Kitchen =-\nYou are in a kitchen.\n1/2 of it is dark."
    assert observation_text(f"\n{said}\n\n\n>{' ' * 128}{status}", "You carry 1/2.") == (
        f"{said}\n{shown}\nYou carry 1/2."
    )
