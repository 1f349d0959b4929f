"""The six kinds of tasks of ALFWorld."""

from dataclasses import dataclass

from .rooms import BEDROOM, KITCHEN, Room


@dataclass(frozen=True)
class TaskKind:
    """A kind of tasks.

    Attributes:
        name: a short name, for example `clean`.
        goal: the name of its goal in the library of the package `alfworld`.
        rooms: the rooms in which it is played.
        needs: what the package says that its object must be, such as `Cleanable`; empty for none.
        objects: number of objects of the type that is asked for, at least.
        places: whether the object has to be put somewhere.
    """

    name: str
    goal: str
    rooms: tuple[Room, ...]
    needs: str = ""
    objects: int = 1
    places: bool = True


TASK_KINDS = {
    kind.name: kind
    for kind in (
        TaskKind("place", "pick_and_place_simple", (KITCHEN, BEDROOM)),
        TaskKind("look", "look_at_obj_in_light", (BEDROOM,), places=False),
        TaskKind("clean", "pick_clean_then_place_in_recep", (KITCHEN,), needs="Cleanable"),
        TaskKind("heat", "pick_heat_then_place_in_recep", (KITCHEN,), needs="Heatable"),
        TaskKind("cool", "pick_cool_then_place_in_recep", (KITCHEN,), needs="Coolable"),
        TaskKind("two", "pick_two_obj_and_place", (KITCHEN, BEDROOM), objects=2),
    )
}
"""The kinds by their short names, in the order of the paper."""
