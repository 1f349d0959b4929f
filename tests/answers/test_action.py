"""Actions: what a text means among those that are possible."""

import pytest

from cope.answers.kinds.action import ACTION

POSSIBLE = [
    "go to fridge 1",
    "go to fridge 2",
    "open fridge 1",
    "take apple 1 from fridge 1",
    "move apple 1 to countertop 2",
    "look",
    "inventory",
]


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("open fridge 1", "open fridge 1"),
        ("Open the Fridge 1.", "open fridge 1"),
        ("Action: **open fridge 1**", "open fridge 1"),
        ("`look`", "look"),
        ("Sure! Here it is:\n> go to fridge 2", "go to fridge 2"),
        ("I will go to the fridge 1 and look", "go to fridge 1"),
        ("take an apple 1 from the fridge 1", "take apple 1 from fridge 1"),
        ("move apple 1 on countertop 2", "move apple 1 to countertop 2"),
        ("go to fridge 3", None),  # numbers are never guessed
        ("open fridge", "open fridge 1"),  # there is one that can be opened
        ("go to fridge", None),
        ("close fridge 1", None),  # like "open fridge 1" letter by letter
        ("put apple 1 in countertop 2", "move apple 1 to countertop 2"),
        ("put apple 1 in countertop 1", None),
        ("pick up apple 1", "take apple 1 from fridge 1"),
        ("take apple from fridge 1", "take apple 1 from fridge 1"),
        ("take apple 2", None),
        ("opne fridge 1", None),
        ("take aple 1 from fridge 1", "take apple 1 from fridge 1"),
        ("fridge", None),
        ("take apples 1 from fridge 1", "take apple 1 from fridge 1"),
        ("take spoon 1 from fridge 1", None),  # another object
        ("dance", None),
        ("", None),
        ("x" * 100_000, None),
    ],
)
def test_a_text_is_read_as_the_nearest_possible_action(text: str, action: str | None) -> None:
    assert ACTION.read(text, POSSIBLE) == action


def test_nothing_is_read_when_nothing_is_possible() -> None:
    assert ACTION.read("look", []) is None
