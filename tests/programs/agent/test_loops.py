"""What was done is offered again after a change, and ever later where it led to nothing new."""

from collections.abc import Sequence
from itertools import pairwise

from cope.programs.agent.environment import Turn
from cope.programs.agent.loops import LoopGuard

PLACES = [f"go to shelf {number}" for number in range(5)]


def at(place: str, *others: str) -> Turn:
    """Return the state at a place from which one can go to all others."""
    return Turn(f"You are at {place}.", (*others, *(one for one in PLACES if place not in one)))


def follow(guard: LoopGuard, steps: Sequence[tuple[str, Turn]]) -> None:
    for action, after in steps:
        guard.take(action)
        guard.see(after)


def test_known_places_are_not_offered_until_something_changes() -> None:
    guard = LoopGuard(patience=9)
    guard.see(at("the door"))
    now = at("shelf 3", "take pen")
    for number in range(3):
        follow(guard, [(PLACES[number], at(f"shelf {number}"))])
    follow(guard, [(PLACES[3], now)])
    assert not {PLACES[1], PLACES[2]} & {*guard.offered(now)}
    assert {"take pen", PLACES[4]} <= {*guard.offered(now)}
    carrying = Turn("You have the pen.", ("put pen", *now.admissible[1:]))
    follow(guard, [("take pen", carrying)])
    assert guard.offered(carrying) == ["put pen", *PLACES[:3], PLACES[4]]


def test_an_action_that_led_to_nothing_new_needs_more_changes() -> None:
    guard = LoopGuard(patience=99)
    guard.see(at("the door"))
    follow(guard, [(PLACES[0], at("shelf 0")), (PLACES[1], at("shelf 1"))])
    waits: list[int] = []
    for number in range(12):
        found = Turn(f"You find coin {number}.", at("shelf 1").admissible)
        follow(guard, [("dig", found)])
        if PLACES[0] in guard.offered(found):
            waits.append(number)
            follow(guard, [(PLACES[0], at("shelf 0")), (PLACES[1], at("shelf 1"))])
    gaps = [later - earlier for earlier, later in pairwise(waits)]
    assert gaps == sorted(gaps) and gaps[0] < gaps[-1]


def test_a_way_on_is_offered_as_long_as_it_leads_to_somewhere_new() -> None:
    guard = LoopGuard(patience=9)
    turn = Turn("Room 0.", ("go east",))
    guard.see(turn)
    for number in range(1, 6):
        assert "go east" in guard.offered(turn)
        turn = Turn(f"Room {number}.", ("go east", "go west"))
        follow(guard, [("go east", turn)])
    assert not guard.is_stuck


def test_steps_without_a_new_state_are_a_circle() -> None:
    guard = LoopGuard(patience=3)
    guard.see(at("the door"))
    for place in (0, 1, 0, 1):
        follow(guard, [(PLACES[place], at(f"shelf {place}"))])
        assert not guard.is_stuck
    follow(guard, [(PLACES[0], at("shelf 0"))])
    assert guard.is_stuck
