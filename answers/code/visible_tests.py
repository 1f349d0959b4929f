"""Find the tests in a question.

A cascade accepts a program that passes the tests in the question: `assert` lines, and the examples
of a docstring as the standard library's `doctest` reads them. A question with neither may write its
examples in other ways: `f(3) -> 9`, or "Input: n = 3" and "Output: 9". Nothing is run here.
"""

import ast
import re
from collections.abc import Iterator
from itertools import islice

from .calls import MAX_TRIES, called_names, clean_text
from .doctest_examples import example_tests
from .input_output import input_output_examples
from .named_function import named_function
from .partial_parse import parse_or_none
from .statements import FUNCTION_NODES
from .written_examples import written_examples

_MAX_ASSERT_LINES = 30

_ASSERT = re.compile(r"[ \t]*(?:[-*+][ \t]+)?`?(?=assert\b)")
_AFTER_SENTENCE = re.compile(r"(?<=[.:;!?])[ \t]+(?=assert [A-Za-z_]\w*\()")


def visible_tests(question: str) -> list[str]:
    r"""Return the distinct tests in a question, in order.

    Args:
        question: Plain text or the head of a program; tests may be anywhere in it.

    Returns:
        Tests as Python source. An example with a value becomes an `assert` on it, one with an error
        becomes a test for that error, and statements of examples precede the tests that need them.
        Examples that are broken, or whose output is only sketched with `...`, are skipped.

    Example:
        >>> visible_tests("Double it.\n\nassert double(2) == 4\n>>> double(3)\n6")
        ['assert double(2) == 4', 'assert double(3) == 6']
    """
    text = clean_text(question)
    tree = parse_or_none(text)
    if tree is not None and all(isinstance(s, ast.Expr) for s in tree.body):
        tree = None  # a sentence that parses by chance is no program
    found: dict[str, None] = {}
    try:
        for test in _tests_of_text(text) if tree is None else _tests_of_program(tree, text):
            found[test] = None
        if not any(found):
            written = _written_in_text(text) if tree is None else _written_in_program(tree, text)
            found = dict.fromkeys(written)
    except RecursionError:
        pass  # the tests found so far are valid
    return list(filter(None, found))


def _tests_of_text(text: str) -> Iterator[str]:
    # A question from a command line is one line: an assert may follow a sentence.
    yield from _assert_statements(_AFTER_SENTENCE.sub("\n", text))
    yield from example_tests(text)


def _tests_of_program(tree: ast.Module, text: str) -> Iterator[str]:
    for source, value in islice(_docstrings(tree, text), MAX_TRIES):
        yield from _assert_statements(source)
        yield from example_tests(value, source)
    for statement in tree.body:
        if isinstance(statement, ast.Assert) and called_names(statement):
            yield ast.get_source_segment(text, statement) or ""


def _written_in_text(text: str) -> list[str]:
    return list(written_examples(text, named_function(text)))


def _written_in_program(tree: ast.Module, text: str) -> list[str]:
    functions = [s for s in tree.body if isinstance(s, FUNCTION_NODES)]
    if not functions:
        return []
    found: list[str] = []
    for source, value in islice(_docstrings(tree, text), MAX_TRIES):
        # Many write `\n` in a docstring and mean those two characters, as in `example_tests`.
        found += max(_written(value, functions[-1]), _written(source, functions[-1]), key=len)
    return found


def _written(text: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the examples of a docstring that are no session of an interpreter."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    needed = [a.arg for a in arguments[: len(arguments) - len(function.args.defaults)]]
    found = list(written_examples(text, function.name))
    return found or list(input_output_examples(text, function.name, needed))


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
    while number < len(lines) and tries < MAX_TRIES:
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
