"""Read a program as a function that returns its result."""

import ast

from .extract import extract_program
from .fences import code_blocks, strip_wrappers
from .partial_parse import parse_or_none
from .statements import FUNCTION_NODES, own_nodes


def as_function(reply: str, name: str) -> str | None:
    r"""Return the program in a reply as one that defines a function without parameters.

    A model that is asked for the function may write a script instead, name the function
    differently, or print its result. The function then returns what the last statement prints,
    assigns or evaluates. Nothing is run.

    Args:
        reply: what the model wrote.
        name: the function's name.

    Returns:
        Source that parses, or None when the reply contains no program with a result.

    >>> print(as_function("```python\neggs = 16 - 7\nprint(eggs * 2)\n```", "solution"))
    def solution():
        eggs = 16 - 7
        return eggs * 2
    >>> as_function("I do not know.", "solution") is None
    True
    """
    program = extract_program(reply, name)
    tree = parse_or_none(program) if program else None
    defined = None if tree is None else _function(tree.body, name)
    if tree is not None and defined is not None:
        if _returns(defined) or not _return_result(defined):
            return program
        return ast.unparse(ast.fix_missing_locations(tree))
    for script in _scripts(reply):
        tree = parse_or_none(script)
        module = None if tree is None else _script_as_function(tree.body, name)
        if module is not None:
            return ast.unparse(ast.fix_missing_locations(module))
    return None


def _script_as_function(statements: list[ast.stmt], name: str) -> ast.Module | None:
    """Return a script as a module with one function; None when it has no result."""
    imports: list[ast.stmt] = []  # "from math import *" is an error in a function
    steps: list[ast.stmt] = []
    for statement in statements:
        is_import = isinstance(statement, ast.Import | ast.ImportFrom)
        (imports if is_import else steps).append(statement)
    if not steps:
        return None
    function = ast.parse(f"def {name}():\n    pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = steps
    return ast.Module([*imports, function], []) if _return_result(function) else None


def _scripts(reply: str) -> list[str]:
    """Return the blocks of code in a reply as one script, and the last block alone.

    A reply without blocks is one.
    """
    blocks = ["\n".join(block.lines) for block in code_blocks(strip_wrappers(reply))]
    return ["\n".join(blocks), *blocks[-1:]]


def _function(statements: list[ast.stmt], name: str) -> ast.FunctionDef | None:
    for statement in reversed(statements):
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return statement
    return None


def _returns(function: ast.FunctionDef) -> bool:
    nodes = own_nodes(ast.Module(function.body, []))
    return any(isinstance(node, ast.Return) and node.value is not None for node in nodes)


def _return_result(function: ast.FunctionDef) -> bool:
    """Let a function return the result of its last statement; False when that has none."""
    last = function.body[-1]
    result = _result(last)
    if result is None:
        return False
    if isinstance(last, ast.Expr):
        del function.body[-1]
    function.body.append(ast.Return(result))
    return True


def _result(last: ast.stmt) -> ast.expr | None:
    """Return the expression whose value is the result of a script with this last statement."""
    if isinstance(last, ast.Expr):
        return _shown(last.value)
    if isinstance(last, ast.Assign) and isinstance(last.targets[-1], ast.Name):
        return ast.Name(last.targets[-1].id, ast.Load())
    if isinstance(last, ast.AnnAssign | ast.AugAssign) and isinstance(last.target, ast.Name):
        return ast.Name(last.target.id, ast.Load())
    if isinstance(last, FUNCTION_NODES) and not ast.unparse(last.args):
        return ast.Call(ast.Name(last.name, ast.Load()), [], [])
    return None


def _shown(value: ast.expr) -> ast.expr | None:
    """Return what a statement shows: what it prints last, or its own value."""
    match value:
        case ast.Call(func=ast.Name(id="print"), args=shown):
            return shown[-1] if shown else None
    return value
