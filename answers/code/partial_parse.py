"""Parse broken or truncated Python: find the parts that parse in a bounded number of tries."""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

_MAX_TRIES = 24
"""Cuts by the parser's own error lines; after them, every try halves what is left."""
_MAX_PARSE_FACTOR = 20
"""How many times the length of the text is parsed at most, in all."""

_STARTS = re.compile(
    r"[ \t]*(?:(?:async def|def|class|import)\s+\w|from\s+[\w.]+\s+import\b|@\w)"
    r"|\w+\s*(?::[^=\n]*)?=[^=]"
)
_BLOCK_LINE = re.compile(r"on line (\d+)")


def parse_or_none(source: str) -> ast.Module | None:
    """Return the syntax tree, or None for invalid source. Never raise or print anything."""
    tree = _parse_or_error_line(source)
    return tree if isinstance(tree, ast.Module) else None


def _parse_or_error_line(source: str) -> ast.Module | int:
    """Return the syntax tree, or the line of the first error, from 1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except SyntaxError as error:
            line = error.lineno or 1
            block = _BLOCK_LINE.search(str(error.msg))
            if block and "expected an indented block" in str(error.msg):
                return int(block[1])
            if "expected 'except' or 'finally'" in str(error.msg):
                return _unclosed_try_line(source.split("\n")[: line - 1]) or line
            return line
        except (ValueError, RecursionError, MemoryError):
            return 1


def _unclosed_try_line(lines: list[str]) -> int | None:
    """Return the line, from 1, of the last `try:` without `except` or `finally`."""
    ended: set[int] = set()
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        word = line.strip()
        indent = len(line) - len(line.lstrip())
        if word.startswith(("except", "finally")):
            ended.add(indent)
        elif word.startswith("try:"):
            if indent not in ended:
                return number
            ended.discard(indent)
    return None


@dataclass(frozen=True)
class Piece:
    """Lines that parse, and whether they end inside their last statement."""

    lines: list[str]
    body: list[ast.stmt]
    cut: bool


class ParseBudget:
    """Limits the characters parsed to a multiple of the text's length, against hostile texts."""

    def __init__(self, size: int) -> None:
        self.left = _MAX_PARSE_FACTOR * size + 10_000

    def spend(self, size: int) -> bool:
        """Subtract `size` characters, and return whether enough were left."""
        self.left -= size
        return self.left >= 0


def longest_prefix(lines: list[str], budget: ParseBudget) -> Piece | None:
    """Return the longest run of first lines that parses; None when no first statement does."""
    end = len(lines)
    tries = 0
    while True:
        while end and not lines[end - 1].strip():
            end -= 1
        source = "\n".join(lines[:end]) + "\n"
        if not end or not budget.spend(len(source)):
            return None
        tree = _parse_or_error_line(source)
        if isinstance(tree, ast.Module):
            rest = next((line for line in lines[end:] if line.strip()), "")
            return Piece(lines[:end], tree.body, rest[:1].isspace()) if tree.body else None
        tries += 1
        end = min(tree - 1, end - 1) if tries < _MAX_TRIES else end // 2


def parsable_pieces(lines: list[str]) -> Iterator[Piece]:
    """Yield all runs of lines that parse, in order, skipping the prose around them."""
    budget = ParseBudget(sum(map(len, lines)))
    start, found = 0, False
    lines = _expand_mixed_tabs(lines, budget)
    while start < len(lines):
        rest = dedent_lines(lines[start:])
        piece = longest_prefix(rest, budget)
        if budget.left < 0:
            return
        if piece:
            yield piece
            found = found or any(not is_bare(statement) for statement in piece.body)
        start += max(1, len(piece.lines) if piece else 1)
        # Inside a statement that does not parse nothing indented is a start of its own.
        while start < len(lines) and not (
            _STARTS.match(lines[start]) and not (found and lines[start][:1].isspace())
        ):
            start += 1


def is_bare(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing, as a line of prose may that parses by chance."""
    return isinstance(statement, ast.Expr) or (
        isinstance(statement, ast.AnnAssign) and statement.value is None
    )


def _expand_mixed_tabs(lines: list[str], budget: ParseBudget) -> list[str]:
    """Replace tabs by spaces where the mix of both is invalid Python."""
    if not any("\t" in line for line in lines):
        return lines
    for width in (0, 8, 4):  # eight is what Python itself once took a tab for
        spaced = [line.expandtabs(width) for line in lines] if width else lines
        source = "\n".join(dedent_lines(spaced))
        if budget.spend(len(source)) and parse_or_none(source):
            return spaced
    return (
        [line.expandtabs(4) for line in lines]
        if any(line.startswith("  ") for line in lines)
        else lines
    )


def dedent_lines(lines: list[str]) -> list[str]:
    """Shift lines left by the indentation of the first non-blank line, as far as they have it."""
    first = next((line for line in lines if line.strip()), "")
    width = len(first) - len(first.lstrip())
    if not width:
        return lines
    return [line[min(width, len(line) - len(line.lstrip())) :] for line in lines]
