"""Build inputs for programs of questions without tests: calls in the text, then synthetic ones."""

import ast
from collections.abc import Iterator
from itertools import islice

from .calls import visible_calls
from .partial_parse import parse_or_none

MAX_PROBES = 8

_VALUES: dict[str, tuple[str, ...]] = {
    "int": ("3", "10", "0", "7", "-4", "1"),
    "float": ("2.5", "-1.0", "0.0", "10.75", "3.0", "1.25"),
    "bool": ("True", "False"),
    "str": ("'hello world'", "'abcba'", "''", "'A1 b2, C3'", "'racecar level'", "'(()) ()'"),
    "list": ("[3, 1, 2, 3]", "[5, -2, 0, 9]", "[]", "[1]", "[10, 20, 30, 40, 50]", "[2, 2, 1]"),
    "dict": ("{'a': 1, 'b': 2}", "{}", "{'x': 3}"),
    "tuple": ("(1, 2, 3)", "(4, 0)", "(5,)"),
    "set": ("{1, 2, 3}", "set()"),
}
_NESTED_VALUES = {
    ("list", "str"): ("['a', 'bb', 'ccc']", "['hello', 'world']", "[]", "['x']", "['b', 'a', 'b']"),
    ("list", "float"): ("[1.0, 2.5, 3.0]", "[0.5, -1.5]", "[]", "[2.0]", "[1.1, 2.2, 1.15, 9.0]"),
    ("list", "list"): ("[[1, 2], [3]]", "[[5]]", "[]", "[[1, 2, 3], [4, 5, 6]]"),
    ("list", "bool"): ("[True, False]", "[]", "[True]"),
}
# Without an annotation each parameter is a number first, then a list, then text.
_UNKNOWN = tuple(
    value
    for triple in zip(*(_VALUES[kind] for kind in ("int", "list", "str")), strict=True)
    for value in triple
)


def probe_calls(question: str, name: str | None) -> list[str]:
    """Return at most 8 calls of the function, by whose results programs are compared.

    Args:
        question: its text; the head of a program where it gives the signature.
        name: the function; without it there are none.

    >>> probe_calls("def half(n: int) -> float:\\n    ...", "half")[:2]
    ['half(3)', 'half(10)']
    """
    if not name:
        return []
    calls = dict.fromkeys([*visible_calls(question, name), *_synthetic_calls(question, name)])
    return list(islice(calls, MAX_PROBES))


def _synthetic_calls(question: str, name: str) -> Iterator[str]:
    function = _function(question, name)
    if function is None:
        return
    given = function.args
    parameters = [*given.posonlyargs, *given.args][
        : len(given.posonlyargs) + len(given.args) - len(given.defaults)
    ]
    if not parameters:
        return
    pools = [_values_for(parameter.annotation) for parameter in parameters]
    for turn in range(max(map(len, pools))):
        # Shifted by place, so that two parameters of one kind do not always get the same value.
        values = (pool[(turn + place) % len(pool)] for place, pool in enumerate(pools))
        yield f"{name}({', '.join(values)})"


def _function(question: str, name: str) -> ast.FunctionDef | None:
    tree = parse_or_none(question)
    return (
        next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name), None)
        if tree
        else None
    )


def _values_for(annotation: ast.expr | None) -> tuple[str, ...]:
    if isinstance(annotation, ast.Subscript):
        outer, inner = _type_name(annotation.value), _type_name(annotation.slice)
        if outer == "optional":
            return _values_for(annotation.slice)
        return _NESTED_VALUES.get((outer, inner)) or _VALUES.get(outer) or _UNKNOWN
    return _VALUES.get(_type_name(annotation)) or _UNKNOWN


def _type_name(node: ast.expr | None) -> str:
    if isinstance(node, ast.Subscript):
        return _type_name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr.lower()
    return node.id.lower() if isinstance(node, ast.Name) else ""
