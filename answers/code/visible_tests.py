"""Find the tests and calls in a question, and the function that it asks for.

A cascade accepts a program that passes the tests in the question: `assert` lines, and the examples
of a docstring as the standard library's `doctest` reads them. Nothing is run here.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from itertools import islice

from .doctest_examples import example_tests
from .partial_parse import parse_or_none
from .statements import FUNCTION_NODES, names_read

__all__ = ["called_names", "guess_entry_point", "visible_calls", "visible_tests"]

_WINDOW = 100_000
_MAX_CALLS = 20
_MAX_CALL_CHARS = 2_000
"""Characters. A longer one is no example that a person wrote into a question."""
_MAX_ASSERT_LINES = 30
_MAX_TRIES = 200
"""Candidates for tests or calls in one question: the limit bounds the time for a hostile text."""

_ASSERT = re.compile(r"[ \t]*(?:[-*+][ \t]+)?`?(?=assert\b)")
_AFTER_SENTENCE = re.compile(r"(?<=[.:;!?])[ \t]+(?=assert [A-Za-z_]\w*\()")
_NAMED = (
    re.compile(r"\b(?:function|method|def)\s+(?:called|named)\s+[`'\"]?([A-Za-z_]\w*)", re.I),
    re.compile(r"\bfunction\s+`([A-Za-z_]\w*)[`(]", re.I),
    re.compile(r"\bfunction\s+([A-Za-z_]\w*)\(", re.I),
    re.compile(r"`([A-Za-z_]\w*)\([^`\n]*\)"),
)
_NO_NAMES = frozenset(
    "a after an and as at before by every for from if in it on once only or that the to when"
    " with".split()
)
_HELPERS = frozenset(
    "isclose deepcopy Counter OrderedDict defaultdict deque Decimal Fraction array approx".split()
)
_BUILTINS = frozenset(dir(builtins))


def visible_tests(question: str) -> list[str]:
    r"""Return the distinct tests in a question, in order.

    Args:
        question: Plain text or the head of a program; `assert` lines and `>>>` examples may be
            anywhere in it.

    Returns:
        Tests as Python source. An example with a value becomes an `assert` on it, one with an error
        becomes a test for that error, and statements of examples precede the tests that need them.
        Examples that are broken, or whose output is only sketched with `...`, are skipped.

    Example:
        >>> visible_tests("Double it.\n\nassert double(2) == 4\n>>> double(3)\n6")
        ['assert double(2) == 4', 'assert double(3) == 6']
    """
    text = _clean_text(question)
    tree = parse_or_none(text)
    found: list[str] = []
    try:
        if tree is not None and any(not isinstance(s, ast.Expr) for s in tree.body):
            for source, value in islice(_docstrings(tree, text), _MAX_TRIES):
                found += [*_assert_statements(source), *example_tests(value, source)]
            for statement in tree.body:
                if isinstance(statement, ast.Assert) and called_names(statement):
                    found.append(ast.get_source_segment(text, statement) or "")
        else:
            # A question from a command line is one line: an assert may follow a sentence.
            found = [*_assert_statements(_AFTER_SENTENCE.sub("\n", text)), *example_tests(text)]
    except RecursionError:
        pass  # the tests found so far are valid
    return list(dict.fromkeys(filter(None, found)))


def _clean_text(question: str) -> str:
    text = question[:_WINDOW].encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _docstrings(tree: ast.Module, text: str) -> Iterator[tuple[str, str]]:
    """Yield source (without quotes) and value of every string that is a statement of its own."""
    lines = text.split("\n")
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            own = "\n".join(
                lines[node.lineno - 1 : node.end_lineno]
            )  # of a whole text it would take long
            written = (ast.get_source_segment(own, _with_own_lines(node)) or "").lstrip("rRuU")
            quote = written[:3] if written[:3] in ('"""', "'''") else written[:1]
            # The first line follows the quotes, so its indentation is restored.
            yield (
                " " * node.col_offset + written[len(quote) : -len(quote)],
                " " * node.col_offset + node.value.value,
            )


def _with_own_lines(node: ast.Expr) -> ast.Expr:
    """Return the node with line numbers relative to its own lines."""
    assert node.end_lineno is not None  # a parsed node has one
    place = {"lineno": 1, "end_lineno": node.end_lineno - node.lineno + 1}
    return ast.Expr(
        node.value, **place, col_offset=node.col_offset, end_col_offset=node.end_col_offset
    )


def _assert_statements(text: str) -> Iterator[str]:
    """Yield the `assert` statements at the starts of lines, including those of several lines."""
    lines = text.split("\n")
    number = tries = 0
    while number < len(lines) and tries < _MAX_TRIES:
        m = _ASSERT.match(lines[number])
        taken = 1
        if m:
            tries += 1
            for count in range(1, _MAX_ASSERT_LINES + 1):
                source = (
                    "\n".join([lines[number][m.end() :], *lines[number + 1 : number + count]])
                    .strip()
                    .rstrip("`")
                )
                tree = parse_or_none(source)
                if tree and len(tree.body) == 1 and isinstance(tree.body[0], ast.Assert):
                    if called_names(tree):
                        yield source
                    taken = count
                    break
                if number + count >= len(lines) or not lines[number + count].strip():
                    break
        number += taken


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
    own = [name for name in names if name not in _BUILTINS and name not in _HELPERS]
    return own or ([] if names_read(tree) - set(names) else names)


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
    text = _clean_text(question)
    found: dict[str, str] = {}
    for m in islice(
        re.finditer(rf"(?<!\bdef )(?<!\bclass )(?<![\w.]){re.escape(name)}\(", text), _MAX_TRIES
    ):
        end = _closing_bracket(text, m.end())
        written = text[m.start() : end] if end else ""
        call = _literal_call(written)
        if call is not None:
            plain = ast.unparse(call)
            found.setdefault(plain, plain if "\n" in written else written)
    return list(found.values())[:_MAX_CALLS]


def _closing_bracket(text: str, start: int) -> int | None:
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


def _literal_call(source: str) -> ast.Call | None:
    tree = parse_or_none(source)
    call = (
        tree.body[0].value
        if tree and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)
        else None
    )
    if not isinstance(call, ast.Call) or not (call.args or call.keywords):
        return None
    try:
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if any(value is ... for value in _constants(argument)):
                return None
            ast.literal_eval(argument)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None
    return call


def _constants(node: ast.AST) -> list[object]:
    return [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]


def guess_entry_point(question: str) -> str | None:
    """Return the name of the function that a question asks for.

    Args:
        question: The head of a program, or text with or without tests.

    Returns:
        The last function of the head; else what the shown tests call most; else the name that the
        text gives it.

    Example:
        >>> guess_entry_point("Write a function to double a number.\\n\\nassert double(2) == 4")
        'double'
    """
    text = _clean_text(question).rstrip()
    head = parse_or_none(text) or parse_or_none(f"{text}\n    pass")
    functions = [s.name for s in head.body if isinstance(s, FUNCTION_NODES)] if head else []
    if functions:
        return functions[-1]
    counts: dict[str, int] = {}
    for test in visible_tests(text):
        tree = parse_or_none(test)
        names = called_names(tree)[:1] if tree else []
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    if counts:
        return max(counts, key=lambda name: counts[name])
    definitions = re.findall(r"^[ \t]*(?:async[ \t]+)?def[ \t]+([A-Za-z_]\w*)[ \t]*\(", text, re.M)
    if definitions:
        return definitions[-1]
    for pattern in _NAMED:
        for m in pattern.finditer(text):
            if m[1] not in _BUILTINS and m[1].lower() not in _NO_NAMES:
                return m[1]
    return None
