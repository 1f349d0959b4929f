"""Write the first line of the function that a question asks for, from its visible tests."""

import ast
import builtins
import sys

from .entry_point import guess_entry_point
from .partial_parse import parse_or_none
from .statements import FUNCTION_NODES
from .visible_tests import visible_tests

_NAMES = {
    bool: "flag",
    int: "n",
    float: "x",
    complex: "z",
    str: "text",
    bytes: "data",
    list: "items",
    tuple: "values",
    dict: "mapping",
    set: "elements",
}
"""The name of a parameter by the type of its value."""

_OTHER = "value"


def function_head(
    question: str, tests: list[str] | None = None, setup: str = "", name: str | None = None
) -> str:
    r"""Return the imports that the tests use, and the line that begins the function.

    Args:
        question: the question.
        tests: its visible tests; those in the question when None.
        setup: source that the tests need, whose imports count.
        name: the function's name; guessed when None.

    Returns:
        Python source; empty when no test calls the function, or the question defines it itself.

    >>> function_head("Multiply.\n\nassert area(3, 4) == 12")
    'def area(n_1, n_2):'
    """
    name = name or guess_entry_point(question)
    given = parse_or_none(question)
    if name is None or (given is not None and _defines(given, name)):
        return ""
    trees = []
    for test in visible_tests(question) if tests is None else tests:
        tree = parse_or_none(test)
        if tree is not None:
            trees.append(tree)
    calls = [call for tree in trees for call in _calls(tree, name)]
    if not calls:
        return ""
    lines = _imports(trees, parse_or_none(setup), name)
    return "\n".join([*lines, f"def {name}({', '.join(_parameters(calls))}):"])


def _defines(tree: ast.Module, name: str) -> bool:
    return any(isinstance(s, FUNCTION_NODES) and s.name == name for s in tree.body)


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            found.append(node)
    return found


def _parameters(calls: list[ast.Call]) -> list[str]:
    """Return parameters that all calls fit; those that some call leaves out get a default."""
    longest = max(calls, key=lambda call: len(call.args))
    if any(isinstance(argument, ast.Starred) for call in calls for argument in call.args):
        return ["*values"]
    fewest = min(len(call.args) for call in calls)
    wanted = [_parameter_name(argument) for argument in longest.args]
    keywords = [keyword.arg for call in calls for keyword in call.keywords if keyword.arg]
    parameters = []
    for place, base in enumerate(wanted):
        parameter = base
        if wanted.count(base) > 1 or base in keywords:
            parameter = f"{base}_{wanted[: place + 1].count(base)}"
        parameters.append(parameter if place < fewest else f"{parameter}=None")
    return [*parameters, *(f"{keyword}=None" for keyword in dict.fromkeys(keywords))]


def _parameter_name(argument: ast.expr) -> str:
    try:
        return _NAMES.get(type(ast.literal_eval(argument)), _OTHER)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return _OTHER


def _imports(trees: list[ast.Module], setup: ast.Module | None, name: str) -> list[str]:
    """Return the setup's imports, and those of modules that the tests read."""
    lines: list[str] = []
    bound = {name, *dir(builtins)}
    for statement in setup.body if setup else ():
        if isinstance(statement, ast.Import | ast.ImportFrom):
            lines.append(ast.unparse(statement))
            bound |= {(a.asname or a.name).partition(".")[0] for a in statement.names}
    for tree in trees:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            module = node.value.id
            if module in sys.stdlib_module_names and module not in bound:
                bound.add(module)
                lines.append(f"import {module}")
    return lines
