"""Find the calls of a function with literal arguments in a text. Nothing is run here."""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .partial_parse import parse_or_none
from .statements import names_read

MAX_TRIES = 200
"""Candidates for tests or calls in one question: the limit bounds the time for a hostile text."""
_MAX_CHARS = 100_000
_MAX_CALLS = 20
_MAX_CALL_CHARS = 2_000
"""Characters. A longer one is no example that a person wrote into a question."""

_HELPERS = frozenset(
    "isclose deepcopy Counter OrderedDict defaultdict deque Decimal Fraction array approx".split()
)
BUILTIN_NAMES = frozenset(dir(builtins))
_NAME = r"[A-Za-z_]\w{0,99}"


@dataclass(frozen=True)
class LiteralCall:
    """A call with literal arguments, and where it stands in the text.

    Attributes:
        name: of the function.
        source: the call as Python source in one line.
        start: index of its first character.
        end: index after its closing bracket.
    """

    name: str
    source: str
    start: int
    end: int


def clean_text(question: str) -> str:
    """Return the first 100,000 characters, with line feeds only and no invalid characters."""
    text = question[:_MAX_CHARS].encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def called_names(tree: ast.AST) -> list[str]:
    """Return the names of the program's functions and classes that are called, outermost first.

    A program may name its function like a builtin: where nothing else is called and no other name
    is read, such names count.
    """
    names = [
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    ]
    names = list(dict.fromkeys(names))
    own = [name for name in names if may_be_asked_for(name)]
    return own or ([] if names_read(tree) - set(names) else names)


def may_be_asked_for(name: str) -> bool:
    """Return whether a name is neither a builtin nor a helper that tests often use."""
    return name not in BUILTIN_NAMES and name not in _HELPERS


def visible_calls(question: str, name: str) -> list[str]:
    """Return the calls of a function with literal arguments anywhere in a question.

    Args:
        question: The text.
        name: The function's name.

    Returns:
        At most 20 calls as Python source, each once: inputs on which samples can be compared.

    Example:
        >>> question = "sort_array([1, 5]) == [5, 1]; sort_array(3) fails; sort_array(x) is skipped"
        >>> visible_calls(question, "sort_array")
        ['sort_array([1, 5])', 'sort_array(3)']
    """
    if not name.isidentifier():
        return []
    found: dict[str, str] = {}
    for call in literal_calls(clean_text(question), name):
        node = parse_literal_call(call.source)
        found.setdefault(ast.unparse(node) if node else call.source, call.source)
    return list(found.values())[:_MAX_CALLS]


def literal_calls(text: str, name: str | None = None) -> Iterator[LiteralCall]:
    """Yield the calls with literal arguments in a text, in order.

    Args:
        text: cleaned by `clean_text`.
        name: of the function; any function when None.
    """
    pattern = rf"(?<!\bdef )(?<!\bclass )(?<![\w.])({_NAME if name is None else re.escape(name)})\("
    for m in islice(re.finditer(pattern, text), MAX_TRIES):
        end = closing_bracket(text, m.end())
        if end is None:
            continue
        written = text[m.start() : end]
        call = parse_literal_call(written)
        if call is not None:
            source = ast.unparse(call) if "\n" in written else written
            yield LiteralCall(m[1], source, m.start(), end)


def closing_bracket(text: str, start: int) -> int | None:
    """Return the end of the bracket that opens before `start`, ignoring brackets in strings."""
    depth, quote, escaped = 1, "", False
    for at in range(start, min(len(text), start + _MAX_CALL_CHARS)):
        c = text[at]
        if quote:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == quote:
                quote = ""
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if not depth:
                return at + 1
    return None


def parse_literal_call(source: str) -> ast.Call | None:
    """Return the call that a source is, if it has arguments and all of them are literals."""
    tree = parse_or_none(source)
    call = (
        tree.body[0].value
        if tree and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)
        else None
    )
    if not isinstance(call, ast.Call) or not (call.args or call.keywords):
        return None
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    return call if all(map(is_literal, arguments)) else None


def is_literal(node: ast.expr) -> bool:
    """Return whether an expression is a literal, without a `...` that only sketches a part."""
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return False
    return not any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(node))
