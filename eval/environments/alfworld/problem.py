"""Write a room and its task as a PDDL problem of ALFWorld's domain."""

from collections.abc import Collection, Mapping

from .layout import LAMP, Facts, Layout, Place, PlacedObject
from .rooms import OPENABLE

_START = "loc_bar_99_bar_0_bar_0_bar_0"
_ACTIONS = {"Cleanable": "cleanable", "Heatable": "heatable", "Coolable": "coolable"}


def place_id(place: Place) -> str:
    """Return the name of a receptacle, from which ALFWorld makes "sinkbasin 1".

    A sink's basin is named after the sink, because ALFWorld adds "basin" to such a name itself.

    >>> place_id(("SinkBasin", 1))
    'Sink_bar__1_bar_plus_0_bar_plus_0_bar_SinkBasin'
    """
    name, number = place
    if name == "SinkBasin":
        return f"Sink_bar__{number}_bar_plus_0_bar_plus_0_bar_SinkBasin"
    return f"{name}_bar__{number}_bar_plus_0_bar_plus_0"


def object_id(one: PlacedObject) -> str:
    """Return the name of an object, from which ALFWorld makes "apple 1"."""
    return f"{one.type}_bar__{one.number}_bar_plus_1_bar_plus_1"


def write_problem(layout: Layout, facts: Facts, goal: str, name: str) -> str:
    """Return the PDDL problem.

    Args:
        layout: the room and the task.
        facts: what is known of objects.
        goal: the goal from the library of the package `alfworld`, which also ends the problem.
        name: the name of the problem.
    """
    location = {place: f"loc_bar_{n}_bar_0_bar_0_bar_0" for n, place in enumerate(layout.places)}
    lines = [f"(define (problem {name})", "(:domain alfred)", "(:objects", "agent1 - agent"]
    lines += _declarations(layout, location)
    lines += [")", "(:init", "(= (total-cost) 0)", f"(atLocation agent1 {_START})"]
    for place in layout.places:
        lines.append(f"(receptacleAtLocation {place_id(place)} {location[place]})")
        lines.append(f"(receptacleType {place_id(place)} {place[0]}Type)")
        if place[0] in OPENABLE:
            lines.append(f"(openable {place_id(place)})")
    lines += _can_contain(layout, facts.holds)
    for one in layout.objects:
        lines += _object_facts(one, location[one.place], facts)
    return "\n".join([*lines, ")", goal])


def _declarations(layout: Layout, location: Mapping[Place, str]) -> list[str]:
    lines = [f"{_START} - location"]
    for place in layout.places:
        lines += [f"{place_id(place)} - receptacle", f"{location[place]} - location"]
    lines += [f"{object_id(one)} - object" for one in layout.objects]
    types = {one.type for one in layout.objects} | {LAMP}
    lines += [f"{name}Type - otype" for name in sorted(types)]
    lines += [f"{name}Type - rtype" for name in sorted({place[0] for place in layout.places})]
    return lines


def _can_contain(layout: Layout, holds: Mapping[str, Collection[str]]) -> list[str]:
    lines = []
    for place in sorted({place[0] for place in layout.places}):
        for name in sorted({one.type for one in layout.objects}):
            if name in holds.get(place, ()):
                lines.append(f"(canContain {place}Type {name}Type)")
    return lines


def _object_facts(one: PlacedObject, location: str, facts: Facts) -> list[str]:
    """Return what is true of an object; a lamp is switched and not carried."""
    name, place = object_id(one), place_id(one.place)
    lines = [
        f"(objectType {name} {one.type}Type)",
        f"(inReceptacle {name} {place})",
        f"(objectAtLocation {name} {location})",
        f"(wasInReceptacle {name} {place})",
        f"(toggleable {name})" if one.type == LAMP else f"(pickupable {name})",
    ]
    for action, predicate in _ACTIONS.items():
        if one.type in facts.actions[action]:
            lines.append(f"({predicate} {name})")
    return lines
