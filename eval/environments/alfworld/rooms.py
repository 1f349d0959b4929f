"""The rooms of generated games: their receptacles, and what may lie in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """A room.

    Attributes:
        receptacles: number of receptacles by type.
        objects: the types of objects that may be there.
        lamp: whether it has a desk lamp.
    """

    receptacles: dict[str, int]
    objects: tuple[str, ...]
    lamp: bool = False


OPENABLE = ("Cabinet", "Drawer", "Fridge", "Microwave", "Safe")

KITCHEN = Room(
    receptacles={
        "Cabinet": 4,
        "CoffeeMachine": 1,
        "CounterTop": 2,
        "DiningTable": 1,
        "Drawer": 3,
        "Fridge": 1,
        "GarbageCan": 1,
        "Microwave": 1,
        "SinkBasin": 1,
        "StoveBurner": 2,
    },
    objects=(
        *("Apple", "Bowl", "Bread", "Cup", "Egg", "Fork", "Knife", "Lettuce", "Mug", "Pan"),
        *("Plate", "Potato", "SaltShaker", "SoapBottle", "Spoon", "Tomato"),
    ),
)

BEDROOM = Room(
    receptacles={
        "ArmChair": 1,
        "Bed": 1,
        "Cabinet": 2,
        "Desk": 1,
        "Drawer": 4,
        "Dresser": 1,
        "GarbageCan": 1,
        "Safe": 1,
        "Shelf": 3,
        "SideTable": 2,
    },
    objects=(
        *("AlarmClock", "Book", "Bowl", "CD", "CellPhone", "CreditCard", "KeyChain", "Laptop"),
        *("Mug", "Pen", "Pencil", "Pillow", "Watch"),
    ),
    lamp=True,
)

LAMP_PLACES = ("Desk", "SideTable")
