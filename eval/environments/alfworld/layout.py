"""Draw a room with its objects, and a task in it, from a seed."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .kinds import TaskKind
from .rooms import LAMP_PLACES, Room

LAMP = "DeskLamp"

Place = tuple[str, int]
"""A receptacle: its type, and its number among those of its type, from 1."""


@dataclass(frozen=True)
class PlacedObject:
    """An object, the number among those of its type, and the receptacle that it lies in."""

    type: str
    number: int
    place: Place


@dataclass(frozen=True)
class Layout:
    """A room as it is at the start of a game, and the task.

    Attributes:
        places: the receptacles.
        objects: the objects.
        wanted: the type of object that the task is about.
        target: the type of receptacle that it has to be put in; empty for none.
    """

    places: tuple[Place, ...]
    objects: tuple[PlacedObject, ...]
    wanted: str
    target: str


@dataclass(frozen=True)
class Facts:
    """What the package `alfworld` knows of objects.

    Attributes:
        holds: the types of objects that may lie in a type of receptacle.
        actions: the types of objects by what can be done with them, such as `Cleanable`.
    """

    holds: Mapping[str, Collection[str]]
    actions: Mapping[str, Collection[str]]

    def places_for(self, kind: str, places: Sequence[Place]) -> list[Place]:
        """Return the receptacles in which an object of a type may lie."""
        return [place for place in places if kind in self.holds.get(place[0], ())]


def draw_layout(kind: TaskKind, seed: int, facts: Facts) -> Layout | None:
    """Return a room with a task; None when the draw holds no task of this kind.

    Args:
        kind: the kind of task.
        seed: the draw depends on it and on the kind.
        facts: what is known of objects.
    """
    draw = random.Random(f"{kind.name}-{seed}")
    room = draw.choice(kind.rooms)
    places = tuple((name, n) for name in room.receptacles for n in _numbers(room, name))
    objects = _draw_objects(room, places, draw, facts)
    wanted = _wanted(kind, objects, facts)
    if not wanted:
        return None
    chosen = draw.choice(wanted)
    target = ""
    if kind.places:
        lies_in = {one.place[0] for one in objects if one.type == chosen}
        targets = sorted({place[0] for place in facts.places_for(chosen, places)} - lies_in)
        if not targets:
            return None
        target = draw.choice(targets)
    return Layout(places, tuple(objects), chosen, target)


def _numbers(room: Room, name: str) -> range:
    return range(1, room.receptacles[name] + 1)


def _draw_objects(
    room: Room, places: Sequence[Place], draw: random.Random, facts: Facts
) -> list[PlacedObject]:
    """Return one or two objects of each type that fits somewhere, and the lamp."""
    objects: list[PlacedObject] = []
    for name in room.objects:
        fits = facts.places_for(name, places)
        for number in range(1, draw.choice((1, 1, 2)) + 1):
            if fits:
                objects.append(PlacedObject(name, number, draw.choice(fits)))
    if room.lamp:
        stands = [place for place in places if place[0] in LAMP_PLACES]
        objects.append(PlacedObject(LAMP, 1, draw.choice(stands)))
    return objects


def _wanted(kind: TaskKind, objects: Sequence[PlacedObject], facts: Facts) -> list[str]:
    """Return the types of objects that the task may be about."""
    wanted = []
    for name in sorted({one.type for one in objects} - {LAMP}):
        enough = sum(one.type == name for one in objects) >= kind.objects
        if enough and (not kind.needs or name in facts.actions[kind.needs]):
            wanted.append(name)
    return wanted
