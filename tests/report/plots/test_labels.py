"""Labels of the frontier: beside their dots, over nothing else, and numbers where there is no room for names."""

from itertools import combinations

import pytest

from cope.report.plots.labels import Box, Dot, Label, place_labels

ROOM = (44.0, 50.0, 326.0, 290.0)
"""A phone's picture: left of it and beneath stand the ticks."""

NAMES = (
    "cope",
    "answer-cascade",
    "large",
    "self-plan",
    "self-consistency",
    "plan-then-solve",
    "small",
)


def overlap(one: Box, other: Box) -> bool:
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(
        one[1], other[1]
    )


def marks(dot: Dot) -> list[Box]:
    return [(dot.x - 5, dot.y - 5, dot.x + 5, dot.y + 5), (dot.x - 1, dot.low, dot.x + 1, dot.high)]


def clear(labels: list[Label], dots: list[Dot]) -> bool:
    """Whether no label covers another, or a dot or an interval of any system."""
    apart = not any(overlap(one.box, other.box) for one, other in combinations(labels, 2))
    return apart and not any(
        overlap(label.box, mark) for label in labels for dot in dots for mark in marks(dot)
    )


def dots_at(
    *places: tuple[float, float], names: tuple[str, ...] = NAMES, more: str = ""
) -> list[Dot]:
    return [
        Dot(number, name, x, y, y - 30, y + 30, number == 1, more)
        for number, (name, (x, y)) in enumerate(zip(names, places, strict=False), 1)
    ]


def test_names_are_next_to_their_dots_where_there_is_room():
    dots = dots_at(
        (60, 100), (180, 200), (300, 240), names=("small", "cope", "large"), more="60.0%"
    )
    labels = place_labels(dots, [], ROOM)
    assert sorted(label.text for label in labels) == ["cope  60.0%", "large  60.0%", "small  60.0%"]
    assert clear(labels, dots)
    for label in labels:
        left, bottom, right, top = label.box
        near = max(left - label.dot.x, label.dot.x - right, bottom - label.dot.y, label.dot.y - top)
        assert near <= 14, "a label far from its dot belongs to nobody"


def test_a_percentage_goes_before_a_name_does():
    dots = dots_at((200, 100), (250, 100), names=("a" * 13, "b"), more="60.0%")
    assert [label.text for label in place_labels(dots, [], ROOM)] == ["a" * 13, "b"]


def test_no_label_covers_a_tick():
    (label,) = place_labels([Dot(1, "imported", 84, 200, 190, 210)], [], ROOM)
    assert label.shows_name and label.box[0] >= ROOM[0]
    # To the right stands another system, and to the left the ticks: what is left is the number.
    dots = [Dot(1, "self-consistency", 60, 60, 55, 290), Dot(2, "small", 110, 60, 55, 290)]
    labels = {label.dot.number: label for label in place_labels(dots, [], ROOM)}
    assert (
        labels[1].text == "1" and labels[2].text == "2 small" and clear(list(labels.values()), dots)
    )


@pytest.mark.parametrize(
    "places",
    [
        [(250, 210), (180, 240), (300, 200), (290, 130), (56, 150), (150, 120), (56, 80)],
        [(80, 210), (84, 240), (300, 200), (310, 220), (56, 150), (70, 120), (56, 80)],
        [(150, 210), (154, 212), (300, 200), (310, 220), (156, 208), (170, 205), (56, 80)],
        [(100 + 9 * n, 150 + 11 * n) for n in range(7)],
    ],
)
def test_seven_systems_are_distinguished_on_a_phone(places: list[tuple[float, float]]):
    dots = dots_at(*places)
    labels = place_labels(dots, [], ROOM)
    assert sorted(label.dot.number for label in labels) == list(range(1, 8))
    numbered = not all(label.shows_name for label in labels)
    for label in labels:
        number = str(label.dot.number) if numbered else ""
        assert label.text == (f"{number} {label.dot.name}".strip() if label.shows_name else number)
    named = [label for label in labels if label.shows_name]
    assert clear(named, dots), "a name stands where it covers nothing"
    assert not any(overlap(one.box, other.box) for one, other in combinations(labels, 2))


def test_of_free_places_one_off_the_lines_is_taken():
    dot = Dot(1, "cope", 150, 150, 140, 160)
    (right,) = place_labels([dot], [], ROOM)
    (other,) = place_labels([dot], [[(150, 150), (250, 150)]], ROOM)
    assert right.box[0] > dot.x and other.box != right.box
