"""Labels of the dots in the frontier plot: names if they fit, else the numbers of the systems."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in pixels."""

FONT_SIZE = 12
"""In pixels."""


@dataclass(frozen=True)
class Dot:
    """A system in the plot, in pixels from the lower left corner.

    Attributes:
        number: the number of the system in the list.
        name: the name of the system.
        x: of the dot.
        y: of the dot.
        low: the lower end of its interval.
        high: the upper end of its interval.
        bold: whether its label is bold.
        extra: text after its name if it fits.
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
    """The text of a dot; `shows_name` is False if it is the number only."""

    dot: Dot
    text: str
    box: Box
    shows_name: bool


def place_labels(
    dots: Sequence[Dot], lines: Sequence[Sequence[tuple[float, float]]], room: Box
) -> list[Label]:
    """Place a label next to every dot, so that no label covers a label, a dot or an interval.

    Args:
        dots: the systems.
        lines: the lines of the plot, which labels cover only if no other position is free.
        room: the box that labels must not leave; ticks and titles are outside.

    Returns:
        The labels with names, if all fit. Otherwise each begins with its number, and a label that
        does not fit is the number only.

    >>> dots = [Dot(1, "cope", 50, 50, 40, 60)]
    >>> [label.text for label in place_labels(dots, [], (0, 0, 200, 100))]
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
    taken: list[Box] = []
    for dot in dots:
        taken.append((dot.x - 8, dot.y - 8, dot.x + 8, dot.y + 8))
        taken.append((dot.x - 2, dot.low, dot.x + 2, dot.high))
    behind: list[Box] = []
    for line in lines:
        behind += [(x - 3, y - 3, x + 3, y + 3) for x, y in _points_along(line)]

    labels: list[Label] = []

    def free(dot: Dot) -> list[Box]:
        """Return the positions for the text of a dot that cover nothing but lines."""
        boxes = _candidate_boxes(dot, _text_width(text(dot), dot.bold))
        return [box for box in boxes if _inside(box, room) and not _covered_area(box, taken)]

    def cost_of_number(box: Box) -> tuple[bool, float, float]:
        """Return how bad a position for the number of a dot is, if there is no free one."""
        covered_labels = _covered_area(box, [label.box for label in labels])
        return not _inside(box, room), covered_labels, _covered_area(box, taken)

    # The dots with the fewest free positions come first, because the others have alternatives.
    for dot in sorted(dots, key=lambda dot: (len(free(dot)), -dot.y)):
        boxes = free(dot)
        if boxes:
            best = min(boxes, key=lambda box: _covered_area(box, behind))
            label = Label(dot, text(dot), best, True)
        else:
            number = str(dot.number)
            candidates = _candidate_boxes(dot, _text_width(number, dot.bold))
            label = Label(dot, number, min(candidates, key=cost_of_number), False)
        taken.append(label.box)
        labels.append(label)
    return labels


def _text_width(text: str, bold: bool) -> float:
    """Return the approximate width of a text in the fonts that a page may use."""
    width = 0.62
    if bold:
        width = 0.68
    return width * FONT_SIZE * len(text)


def _candidate_boxes(dot: Dot, wide: float) -> Iterator[Box]:
    """Yield the positions for a label next to its dot, the better ones first."""
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
    """Yield points of a line every 6 pixels or less."""
    for (x, y), (to_x, to_y) in pairwise(path):
        steps = int(max(abs(to_x - x), abs(to_y - y)) / 6) + 1
        for step in range(steps + 1):
            yield x + (to_x - x) * step / steps, y + (to_y - y) * step / steps


def _inside(box: Box, room: Box) -> bool:
    return box[0] >= room[0] and box[1] >= room[1] and box[2] <= room[2] and box[3] <= room[3]


def _covered_area(box: Box, others: Sequence[Box]) -> float:
    return sum(_overlap(box, other) for other in others)


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(tall, 0.0)
