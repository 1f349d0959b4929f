"""Read the tests that a model proposes for a question."""

import ast
import re
from collections.abc import Sequence

from .calls import called_names
from .partial_parse import parse_or_none

MAX_TESTS = 3

_REPEATED = re.compile(r"^(?:assert\s+)+")
"""A model whose reply begins with `assert` for it may write the word again."""


def proposed_tests(reply: str, shown: Sequence[str] = (), name: str | None = None) -> list[str]:
    r"""Return the distinct `assert` statements of a reply, at most three.

    Tests that are shown already are left out. Where results are `True` and `False`, both occur
    among the tests that are returned if both occur in the reply.

    Args:
        reply: what the model wrote.
        shown: the visible tests.
        name: the function that a test must call; any when None.

    >>> proposed_tests("1. assert even(2) == True\nassert even(3) == False", [], "even")
    ['assert even(2) == True', 'assert even(3) == False']
    """
    known = {_normal(test) for test in shown}
    found: list[str] = []
    for line in reply.splitlines():
        start = line.find("assert ")
        source = line[start:].strip().rstrip("`").strip() if start >= 0 else ""
        source = _REPEATED.sub("assert ", source)
        tree = parse_or_none(source)
        if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Assert):
            continue
        names = called_names(tree)
        if not names or (name is not None and name not in names):
            continue
        if _normal(source) not in known:
            known.add(_normal(source))
            found.append(source)
    return _chosen(found)


def _normal(test: str) -> str:
    tree = parse_or_none(test)
    return ast.unparse(tree) if tree is not None else test.strip()


def _chosen(tests: list[str]) -> list[str]:
    """Return the first tests; the last one gives way to the first test of the other truth value."""
    chosen = tests[:MAX_TESTS]
    values = {_truth(test) for test in chosen}
    if len(values - {None}) == 1:
        for test in tests[MAX_TESTS:]:
            if _truth(test) not in values | {None}:
                return [*chosen[:-1], test]
    return chosen


def _truth(test: str) -> bool | None:
    """Return the truth value that a test expects; None for another value."""
    tree = parse_or_none(test)
    if tree is None or not isinstance(tree.body[0], ast.Assert):
        return None
    condition = tree.body[0].test
    if isinstance(condition, ast.Call):
        return True
    if isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not):
        return False
    if isinstance(condition, ast.Compare) and isinstance(condition.ops[0], ast.Eq | ast.Is):
        expected = condition.comparators[0]
        if isinstance(expected, ast.Constant) and isinstance(expected.value, bool):
            return expected.value
    return None
