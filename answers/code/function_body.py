"""Find the body of a function in a reply to a question that is the head of the function."""

import ast
import re

from .fences import code_blocks, strip_wrappers
from .partial_parse import ParseBudget, dedent_lines, longest_prefix, parse_or_none
from .statements import FUNCTION_NODES

_BODY_START = re.compile(
    r"[ \t]+\S|(?:return|for|if|while|try|with|yield|raise|def|import|from)\b"
    r"|\w+\.[\w.]+\(|\w+(?:\[[^\]]*\])?(?:, *\w+)*\s*[-+*/]?=[^=]"
)

_BODY_CODE = re.compile(r"[ \t]*(?:return|for|if|while|try|with|yield|raise|def|import|from)\b")
_MAX_BODY_ENDS = 8
"""Lines at which the end of a body is looked for."""


def body_lines(text: str) -> tuple[list[str], list[str]]:
    """Return the lines of a reply that may be a function body, and the lines after them."""
    for block in code_blocks(strip_wrappers(text)):
        if any(line.strip() for line in block.lines):
            break
    else:
        return [], []
    lines = _without_docstring_end([line.expandtabs(4) for line in block.lines])
    while lines and not (lines[0].strip() if block.fenced else _BODY_START.match(lines[0])):
        lines.pop(0)
    if not lines or not lines[0][0].isspace():
        return lines, []
    end = _body_end(lines)
    return lines[:end], lines[end:]


def _without_docstring_end(lines: list[str]) -> list[str]:
    """Drop the end of a docstring that the question has closed already."""
    for quotes in ('"""', "'''"):
        ends = [number for number, line in enumerate(lines) if line.strip() == quotes]
        count = sum(line.count(quotes) for line in lines)
        before = lines[: ends[0]] if ends else []
        if ends and count % 2 and not any(_BODY_CODE.match(line) for line in before):
            return lines[ends[0] + 1 :]
    return lines


def _body_end(lines: list[str]) -> int:
    """Return where an indented body ends: at a line at the margin that is no part of a statement.

    Comments at the margin and the lines of a string do not end a body.
    """
    margins = [
        number
        for number, line in enumerate(lines)
        if line.strip() and not line[0].isspace() and not line.startswith("#")
    ]
    for number in [*margins[:_MAX_BODY_ENDS], len(lines)]:
        if parse_or_none("\n".join(["def body():", *lines[:number]])):
            return number
    return margins[0] if margins else len(lines)


def code_size(source: str) -> int:
    """Return the number of characters that are not white space."""
    return len("".join(source.split()))


def first_indented(lines: list[str]) -> list[str]:
    """Restore the indentation of the first line, which stripping the reply removed."""
    depths = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    if not depths or not min(depths):
        return []
    return [" " * min(depths) + lines[0], *lines[1:]]


def function_body(lines: list[str]) -> str:
    """Return the longest prefix that is a function body, dedented; empty when it does nothing."""
    if not lines:
        return ""
    lines = dedent_lines(lines)
    piece = longest_prefix(lines, ParseBudget(sum(map(len, lines))))
    if piece is None:
        return ""
    passive = (ast.Expr, ast.Pass, ast.Import, ast.ImportFrom, *FUNCTION_NODES)
    if all(isinstance(statement, passive) for statement in piece.body):
        return ""
    return "\n".join(piece.lines)
