"""Labels of the frontier's dots: names where there is room, else the numbers under which the systems are listed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in pixels."""

FONT_SIZE = 12
"""Pixels of a label's text."""


@dataclass(frozen=True)
class Dot:
    """A system in the picture, in pixels from the lower left corner.

    Attributes:
        number: under which it is listed.
        name: what it is called.
        x: of the dot.
        y: of the dot.
        low: where its interval begins.
        high: where it ends.
        bold: whether its name is bold.
        extra: what is told beside its name where there is room.
    """

    number: int
    name: str
    x: float
    y: float
    low: float
    high: float
    bold: bool = False
    extra: str = ""


@dataclass(frozen=True)
class Label:
    """A dot's text: `named` says whether it holds the name, or the number alone."""

    dot: Dot
    text: str
    box: Box
    shows_name: bool


def place_labels(
    dots: Sequence[Dot], lines: Sequence[Sequence[tuple[float, float]]], room: Box
) -> list[Label]:
    """Place a label beside every dot, so that it covers neither another nor a dot nor an interval.

    Args:
        dots: the systems.
        lines: what is drawn behind them, which labels cover only where nothing else is free.
        room: where labels may stand; ticks and titles are outside.

    Returns:
        All with names where these fit; otherwise each begins with its number, and those that do not fit are the number alone.

    >>> [label.text for label in place_labels([Dot(1, "cope", 50, 50, 40, 60)], [], (0, 0, 200, 100))]
    ['cope']
    """
    texts: list[Callable[[Dot], str]] = [lambda dot: dot.name]
    if any(dot.extra for dot in dots):
        texts.insert(0, lambda dot: f"{dot.name}  {dot.extra}".rstrip())
    for text in texts:
        placed = _place_all(dots, text, lines, room)
        if all(label.shows_name for label in placed):
            return placed
    return _place_all(dots, lambda dot: f"{dot.number} {dot.name}", lines, room)


def _place_all(
    dots: Sequence[Dot],
    text: Callable[[Dot], str],
    lines: Sequence[Sequence[tuple[float, float]]],
    room: Box,
) -> list[Label]:
    taken = [(dot.x - 8, dot.y - 8, dot.x + 8, dot.y + 8) for dot in dots]
    taken += [(dot.x - 2, dot.low, dot.x + 2, dot.high) for dot in dots]
    behind = [(x - 3, y - 3, x + 3, y + 3) for line in lines for x, y in _points_along(line)]

    def free(dot: Dot) -> list[Box]:
        boxes = _candidate_boxes(dot, _text_width(text(dot), dot.bold))
        return [
            box
            for box in boxes
            if _inside(box, room) and not any(_overlap(box, other) for other in taken)
        ]

    found: list[Label] = []
    # Those with the least choice come first: the others can give way.
    for dot in sorted(dots, key=lambda dot: (len(free(dot)), -dot.y)):
        if boxes := free(dot):
            label = Label(
                dot, text(dot), min(boxes, key=lambda box: _covered_area(box, behind)), True
            )
        else:
            number = str(dot.number)
            boxes = list(_candidate_boxes(dot, _text_width(number, dot.bold)))
            labels = [label.box for label in found]
            best = min(
                boxes,
                key=lambda box: (
                    not _inside(box, room),
                    _covered_area(box, labels),
                    _covered_area(box, taken),
                ),
            )
            label = Label(dot, number, best, False)
        taken.append(label.box)
        found.append(label)
    return found


def _text_width(text: str, strong: bool) -> float:
    """About how wide a text is in the fonts that a page may have."""
    return (0.68 if strong else 0.62) * FONT_SIZE * len(text)


def _candidate_boxes(dot: Dot, wide: float) -> Iterator[Box]:
    """Places for a label beside its dot, the better ones first."""
    tall = FONT_SIZE + 4
    for dx, dy in (
        (13, 0),
        (-13 - wide, 0),
        (11, 15),
        (11, -15),
        (-11 - wide, 15),
        (-11 - wide, -15),
    ):
        yield dot.x + dx, dot.y + dy - tall / 2, dot.x + dx + wide, dot.y + dy + tall / 2


def _points_along(path: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Points every few pixels of a line."""
    for (x, y), (to_x, to_y) in pairwise(path):
        steps = int(max(abs(to_x - x), abs(to_y - y)) / 6) + 1
        yield from (
            (x + (to_x - x) * n / steps, y + (to_y - y) * n / steps) for n in range(steps + 1)
        )


def _inside(box: Box, room: Box) -> bool:
    return box[0] >= room[0] and box[1] >= room[1] and box[2] <= room[2] and box[3] <= room[3]


def _covered_area(box: Box, others: Sequence[Box]) -> float:
    return sum(_overlap(box, other) for other in others)


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    return wide * tall if wide > 0 and tall > 0 else 0.0
