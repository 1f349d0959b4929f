"""A table of results that never breaks a number, however narrow the terminal is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

GAP = 2
"""Spaces between two columns."""
_MIN_LABEL_CHARS = 8


@dataclass(frozen=True)
class _Row:
    cells: Sequence[str]
    style: str = ""


@dataclass
class ResultTable:
    """A table without lines. Cells are plain text, without markup.

    Columns of text are aligned on the left and repeated where the table is split; their cells wrap.
    Columns of numbers are aligned on the right; their cells never wrap, only their headers do.
    Columns that do not fit follow in further blocks below.

    Attributes:
        columns: the headers.
        left: the headers of the columns of text.

    >>> table = ResultTable(["round", "accuracy"], left=["round"])
    >>> table.add_row("1 small solves", "75.0%")
    >>> Console(width=40).print(table)
    round           accuracy
    1 small solves     75.0%
    """

    columns: list[str]
    left: Collection[str]
    _rows: list[_Row] = field(default_factory=list)

    def add_column(self, name: str) -> None:
        """Add a column of numbers, before any row."""
        self.columns.append(name)

    def add_row(self, *cells: str, style: str = "") -> None:
        """Add a row; cells that are missing at its end are empty."""
        missing = [""] * (len(self.columns) - len(cells))
        self._rows.append(_Row([*cells, *missing], style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        layout = _Layout(self, options.max_width)
        for number, block in enumerate(layout.blocks()):
            if number:
                yield Text()
            yield from self._lines(console, block)

    def _lines(self, console: Console, widths: dict[int, int]) -> Iterator[Text]:
        header = _Row(self.columns, "bold")
        for row in (header, *self._rows):
            cells = {}
            for place, width in widths.items():
                is_wrapped = row is header or self.is_text(place)
                cells[place] = _cell_lines(console, row.cells[place], width, is_wrapped)
            height = max(map(len, cells.values()))
            for number in range(height):
                line = ""
                for place, width in widths.items():
                    lines = cells[place]
                    skipped = height - len(lines) if row is header else 0  # headers end together
                    text = lines[number - skipped] if 0 <= number - skipped < len(lines) else ""
                    space = " " * (width - cell_len(text))
                    cell = text + space if self.is_text(place) else space + text
                    line += cell + " " * GAP
                yield Text(line.rstrip(), style=row.style, no_wrap=True, overflow="ignore")

    def is_text(self, place: int) -> bool:
        """Return whether a column holds text."""
        return self.columns[place] in self.left

    def cells(self, place: int) -> list[str]:
        """Return the cells of a column, without its header."""
        return [row.cells[place] for row in self._rows]


def _cell_lines(console: Console, cell: str, width: int, is_wrapped: bool) -> list[str]:
    if not is_wrapped:
        return [cell]
    return [line.plain.rstrip() for line in Text(cell).wrap(console, width)] or [""]


class _Layout:
    """The widths of a table's columns, and their distribution over blocks."""

    def __init__(self, table: ResultTable, width: int) -> None:
        self._width = width
        places = range(len(table.columns))
        self._texts = [place for place in places if table.is_text(place)]
        self._numbers = [place for place in places if not table.is_text(place)]
        self._natural: dict[int, int] = {}
        self._least: dict[int, int] = {}
        for place in places:
            header, cells = table.columns[place], table.cells(place)
            self._natural[place] = max(_widest(header.split("\n")), _widest(cells))
            words = _widest(header.split())
            if place in self._texts:
                words = max(words, _widest(" ".join(cells).split()))
                self._least[place] = min(words, max(_MIN_LABEL_CHARS, width // 3))
            else:
                self._least[place] = max(words, _widest(cells))

    def blocks(self) -> list[dict[int, int]]:
        """Return the blocks, each with the widths of its columns."""
        places = sorted([*self._texts, *self._numbers])
        if self._fits(self._natural):
            return [{place: self._natural[place] for place in places}]
        compact = dict(self._natural)
        for place in self._numbers:
            compact[place] = self._least[place]
        if self._fits(compact):
            return [{place: compact[place] for place in places}]
        if self._fits(self._least):
            room = self._width - GAP * (len(places) - 1)
            room -= sum(self._least[place] for place in self._numbers)
            widths = self._shrunk(room, self._least)
            for place in self._numbers:
                widths[place] = self._least[place]
            return [{place: widths[place] for place in places}]
        return self._split()

    def _fits(self, widths: dict[int, int]) -> bool:
        return sum(widths.values()) + GAP * (len(widths) - 1) <= self._width

    def _shrunk(self, room: int, least: dict[int, int]) -> dict[int, int]:
        """Return widths of the columns of text that together take at most `room`, if possible."""
        widths = {place: self._natural[place] for place in self._texts}
        while sum(widths.values()) > room:
            wide = [place for place in self._texts if widths[place] > least[place]]
            if not wide:
                break
            widths[max(wide, key=widths.__getitem__)] -= 1
        return widths

    def _split(self) -> list[dict[int, int]]:
        """Return blocks that repeat the columns of text."""
        widest = max((self._least[place] for place in self._numbers), default=0)
        room = self._width - (widest + GAP) - GAP * max(0, len(self._texts) - 1)
        few_blocks = self._shrunk(min(room, self._width // 2), self._least)
        texts = self._shrunk(room, dict.fromkeys(self._texts, 1))
        if sum(few_blocks.values()) <= room:
            texts = few_blocks
        blocks = [dict(texts)]
        for place in self._numbers:
            block = blocks[-1]
            used = sum(block.values()) + GAP * len(block)
            if len(block) > len(texts) and used + self._least[place] > self._width:
                block = dict(texts)
                blocks.append(block)
            block[place] = self._least[place]
        return blocks


def _widest(texts: Sequence[str]) -> int:
    return max(map(cell_len, texts), default=0)
