"""Convert the examples of an interpreter session, as read by doctest, to tests."""

import ast
import builtins
import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .partial_parse import parse_or_none
from .statements import defined_names, names_read, root_name

_QUOTES = re.compile(r"[ \t]*[rRuU]?(?:\"\"\"|''')[ \t]*")
_CLOSING_QUOTES = re.compile(r"(?:\"\"\"|''')[ \t]*$", re.M)
_MAX_EXAMPLES = 200
"""Examples of one text that are read: every test may need all the steps before it."""
_INEXACT_FLAGS = {doctest.ELLIPSIS, doctest.NORMALIZE_WHITESPACE}
_ATOM = (
    ast.Call,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.Dict,
    ast.Set,
)


@dataclass
class _Step:
    """A statement of a session that is no test: the names that it binds, changes and reads."""

    source: str
    binds: set[str]
    changes: set[str]
    reads: set[str]


def example_tests(text: str, source: str | None = None) -> Iterator[str]:
    r"""Yield a test for each `>>>` example in a text.

    Args:
        text: the text, such as a docstring's value.
        source: the same text as written in the source. Many write `\n` in a docstring and mean
            those two characters, so the source is read if an example of the value is broken.
    """
    examples, whole = _examples(text)
    if source is not None and not (
        whole and all(parse_or_none(example.source) for example in examples)
    ):
        examples, _ = _examples(source)
    steps: list[_Step] = []
    for example in examples[:_MAX_EXAMPLES]:
        tree = parse_or_none(example.source)
        if tree is None or len(tree.body) != 1 or example.options.get(doctest.SKIP):
            continue
        statement = tree.body[0]
        test = _example_test(example, statement)
        if test:
            yield "\n".join([*_required_steps(steps, names_read(statement)), test])
        elif test is None:
            steps.append(_step(example.source.rstrip("\n"), statement))


def _examples(text: str) -> tuple[list[doctest.Example], bool]:
    """Return all examples and True, or, if doctest rejects the text, those of its valid parts and
    False.
    """
    lines = [
        "" if _QUOTES.fullmatch(line) else _CLOSING_QUOTES.sub("", line)
        for line in text.split("\n")
    ]
    plain = "\n".join("" if line.strip().startswith(("```", "~~~")) else line for line in lines)
    found: list[doctest.Example] = []
    parser = doctest.DocTestParser()
    try:
        return parser.get_examples(plain), True
    except ValueError:
        pass
    for part in re.split(r"\n[ \t]*\n|\n(?=[ \t]*>>>)", plain):
        try:
            found += parser.get_examples(part)
        except ValueError:
            continue  # a broken example is none
    return found, False


def _example_test(example: doctest.Example, statement: ast.stmt) -> str | None:
    """Return the example's test; None for a step towards later ones, empty if it has none."""
    source = example.source.rstrip("\n")
    if example.exc_msg is not None:
        return _exception_test(source, example.exc_msg)
    if isinstance(statement, ast.Assert):
        return source
    want = example.want.strip()
    if not isinstance(statement, ast.Expr):
        return None if not want else ""
    expression = statement.value
    if not want:
        return _test_without_output(source, expression)
    if (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Name)
        and expression.func.id == "print"
    ):
        plain = (
            len(expression.args) == 1
            and not expression.keywords
            and not isinstance(expression.args[0], ast.Starred)
        )
        if not plain or "..." in want or "<BLANKLINE>" in want or example.options:
            return ""
        printed = _source_of(source, expression.args[0])
        return f"assert str({printed}) == {example.want.rstrip(chr(10))!r}"
    value = _literal(want)
    left = _source_of(source, expression)
    if value is not None:
        left = left if isinstance(expression, _ATOM) else f"({left})"
        return f"assert {left} == {value}"
    if "..." in want or any(example.options.get(flag) for flag in _INEXACT_FLAGS):
        return ""
    return f"assert repr({left}) == {want!r}"


def _test_without_output(source: str, expression: ast.expr) -> str | None:
    """Return the test of an example without output: a comparison holds, a plain call gives None."""
    if isinstance(expression, ast.Compare):
        return f"assert {_source_of(source, expression)}"
    called = expression.func if isinstance(expression, ast.Call) else None
    if (
        isinstance(called, ast.Name)
        and called.id != "print"
        and names_read(expression) == {called.id}
    ):
        return f"assert {_source_of(source, expression)} is None"
    return None


def _source_of(source: str, node: ast.expr) -> str:
    """Return the expression's source in one line, without trailing comments."""
    written = ast.get_source_segment(source, node)
    return ast.unparse(node) if written is None or "\n" in written else written


def _literal(want: str) -> str | None:
    """Return the expected output as one line of source when it is a literal; otherwise None."""
    try:
        node = ast.parse(want, mode="eval").body
        value = ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None
    if any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(node)):
        return None
    return repr(value) if "\n" in want or "#" in want else want


def _exception_test(source: str, message: str) -> str:
    """Return a test for the named builtin exception; empty when Python has no such exception."""
    name = message.partition(":")[0].strip()
    kind = getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, BaseException)):
        return ""
    body = "\n".join(f"    {line}" for line in source.split("\n"))
    fails = f"    raise AssertionError('no {name} was raised')"
    return f"try:\n{body}\nexcept {name}:\n    pass\nelse:\n{fails}"


def _step(source: str, statement: ast.stmt) -> _Step:
    changed: set[str] = set()
    for node in ast.walk(statement):
        name = None
        if isinstance(node, ast.Call):
            name = root_name(node.func)
        elif isinstance(node, (ast.Subscript, ast.Attribute)):
            name = root_name(node)
        if name:
            changed.add(name)
    return _Step(source, defined_names([statement]), changed, names_read(statement))


def _required_steps(steps: list[_Step], names: set[str]) -> list[str]:
    """Return the sources of the steps that a test reading these names depends on, in order."""
    bound = {name for step in steps for name in step.binds}
    wanted = names & bound
    chosen: list[str] = []
    for step in reversed(steps):
        if (step.binds | step.changes) & wanted:
            chosen.append(step.source)
            wanted |= step.reads & bound
    return chosen[::-1]
