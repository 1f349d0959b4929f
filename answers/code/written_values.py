"""Read the value that stands at a place of a text, if it is a literal with nothing ambiguous."""

import ast
import re
from dataclasses import dataclass

from .calls import closing_bracket, is_literal
from .partial_parse import parse_or_none

_NUMBER = r"[-+]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?\b"
_SUM = re.compile(rf"{_NUMBER}(?:[ ]?(?://|[-+*/])[ ]?{_NUMBER}){{0,20}}", re.IGNORECASE)
_STRING = re.compile(
    r"""[rb]?(?:'(?:[^'\\\n]|\\.){0,2000}'|"(?:[^"\\\n]|\\.){0,2000}")""", re.IGNORECASE
)
_WORD = re.compile(r"(?:true|false|none|null)\b", re.IGNORECASE)
_WORDS = {"true": True, "false": False, "none": None, "null": None}
_FOLLOWS = (
    r"[ \t]*(?:$|[#(]|\b(?:and|because|since|as|so)\b)"  # the end of the line, or a remark
    r"|[.,;](?:\s|$)(?![ ]*[-\d'\"\[({])"  # punctuation, unless one more value follows it
)
_END = re.compile(rf"`?(?:{_FOLLOWS})", re.MULTILINE)
_END_OF_SUM = re.compile(rf"`?(?:[ ]?={{1,2}}|{_FOLLOWS})", re.MULTILINE)


@dataclass(frozen=True)
class WrittenValue:
    """A literal as Python source in one line, and the index after it in the text."""

    source: str
    end: int


def written_value(text: str, start: int, *, last: bool = True) -> WrittenValue | None:
    """Return the literal that begins at `start`, or None if there is none that is clear.

    Strings, numbers, sums of numbers, `True`, `False` and `None` (`true`, `false` and `null` too),
    and lists, tuples, dictionaries and sets of them are read. A single value in parentheses is
    not: some write a tuple of one element so.

    Args:
        text: the text.
        start: index of the value's first character.
        last: whether only punctuation or a remark may follow it in its line.
    """
    end, is_sum = _extent(text, start)
    if end is None:
        return None
    terminator = _END_OF_SUM if is_sum else _END
    if last and not terminator.match(text, end):
        return None
    source = _python_source(text[start:end])
    return None if source is None else WrittenValue(source, end)


def _extent(text: str, start: int) -> tuple[int | None, bool]:
    """Return the end of the value that begins at `start`, and whether it is a sum of numbers."""
    if text[start : start + 1] in ("(", "[", "{"):
        return closing_bracket(text, start + 1), False
    for pattern in (_STRING, _WORD, _SUM):
        m = pattern.match(text, start)
        if m:
            is_sum = pattern is _SUM and not re.fullmatch(_NUMBER, m[0], re.IGNORECASE)
            return m.end(), is_sum
    return None, False


def _python_source(written: str) -> str | None:
    tree = parse_or_none(written)
    statement = tree.body[0] if tree and len(tree.body) == 1 else None
    if not isinstance(statement, ast.Expr):
        return None
    value = _PythonNames().visit(statement.value)
    is_tuple = isinstance(value, ast.Tuple)
    if (written.startswith("(") and not is_tuple) or not (is_literal(value) or _is_sum(value)):
        return None
    return ast.unparse(value) if "\n" in written or _WORD.search(written) else written


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and all(
        isinstance(n, ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop)
        or (isinstance(n, ast.Constant) and isinstance(n.value, int | float))
        for n in ast.walk(node)
    )


class _PythonNames(ast.NodeTransformer):
    """Replace `true`, `false` and `null`, which texts write for the Python words."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        word = node.id.lower()
        return ast.Constant(_WORDS[word]) if word in _WORDS else node
