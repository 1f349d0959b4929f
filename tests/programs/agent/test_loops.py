"""Actions that show nothing new are left out."""

from cope.programs.agent.environment import Turn
from cope.programs.agent.loops import LoopGuard

PLACES = [f"go to shelf {number}" for number in range(5)]


def at(number: int, *others: str) -> Turn:
    """Return the state at a shelf, from which one can go to all others."""
    ways = (one for one in PLACES if one != PLACES[number])
    return Turn(f"You are at shelf {number}.", (*others, *ways))


def go(guard: LoopGuard, turn: Turn, number: int, *others: str) -> Turn:
    guard.take(turn, PLACES[number])
    turn = at(number, *others)
    guard.see(turn)
    return turn


def test_a_known_place_is_offered_again_once_something_has_changed() -> None:
    guard = LoopGuard(9, looks=("go",))
    turn = at(0)
    guard.see(turn)
    for number in (1, 2, 3):
        turn = go(guard, turn, number, "take pen")
    assert guard.offered(turn) == ["take pen", PLACES[0], PLACES[4]]
    guard.take(turn, "take pen")
    turn = Turn("You have the pen.", ("put pen", *turn.admissible[1:]))
    guard.see(turn)
    assert guard.offered(turn) == [*turn.admissible]


def test_what_changes_nothing_lets_no_place_be_seen_again() -> None:
    """To take a thing and to put it back leads to a state that is known."""
    guard = LoopGuard(99, looks=("go",))
    turn = at(0)
    guard.see(turn)
    turn = go(guard, turn, 1, "take pen")
    for _ in range(2):
        for action, others in (("take pen", "put pen"), ("put pen", "take pen")):
            guard.take(turn, action)
            turn = at(1, others)
            guard.see(turn)
    turn = go(guard, turn, 2)
    guard.take(turn, "wait")
    guard.see(turn)
    assert PLACES[2] not in guard.offered(at(3))


def test_places_are_offered_again_where_nothing_else_is_left() -> None:
    guard = LoopGuard(9, looks=("go",))
    turn = at(0)
    guard.see(turn)
    for number in (1, 2, 3, 4, 0):
        assert PLACES[number] in guard.offered(turn)
        turn = go(guard, turn, number)
    assert guard.offered(turn) == PLACES[1:]


def test_a_way_on_is_no_look_where_its_name_says_nothing_of_its_end() -> None:
    guard = LoopGuard(9, looks=("look",))
    turn = Turn("Room 0.", ("go east",))
    guard.see(turn)
    for number in range(1, 6):
        assert "go east" in guard.offered(turn)
        guard.take(turn, "go east")
        turn = Turn(f"Room {number}.", ("go east", "go west"))
        guard.see(turn)
    assert not guard.is_stuck


def test_steps_without_a_new_state_are_a_circle() -> None:
    guard = LoopGuard(patience=3)
    turn = at(0)
    guard.see(turn)
    for number in (1, 2, 1, 2):
        turn = go(guard, turn, number)
        assert not guard.is_stuck
    go(guard, turn, 1)
    assert guard.is_stuck
