"""Separate the statements of a program from those that only exercise it."""

import ast
import re
import sys
from collections.abc import Iterable

FUNCTION_NODES = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITION = (*FUNCTION_NODES, ast.ClassDef)
_IMPORT = (ast.Import, ast.ImportFrom)
_ASSIGNMENT = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_TEST_MODULES = {"unittest", "doctest", "pytest", "hypothesis", "timeit", "cProfile"}
_STOPS = {"exit", "quit", "SystemExit"}
_STOP_METHODS = {"exit", "_exit", "abort", "kill", "sleep"}  # of sys, os and time, under any name
_TEST_NAME = re.compile(r"test_|_?tests?$|run_tests?$")


def defined_names(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the names that top-level statements bind by def, class, assignment or import."""
    names: set[str] = set()
    for statement in statements:
        if isinstance(statement, _DEFINITION):
            names.add(statement.name)
        elif isinstance(statement, _IMPORT):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
        else:
            names |= {
                n.id
                for n in own_nodes(statement)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            names |= {n.name for n in own_nodes(statement) if isinstance(n, _DEFINITION)}
    return names


def own_nodes(statement: ast.AST) -> Iterable[ast.AST]:
    """Yield the nodes of a statement, except those inside its functions and classes."""
    todo = [statement]
    while todo:
        node = todo.pop()
        yield node
        if node is statement or not isinstance(node, (*_DEFINITION, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))


def names_read(node: ast.AST) -> set[str]:
    """Return the names that a node reads anywhere."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def root_name(node: ast.AST) -> str | None:
    """Return the name at the start of a chain of attributes, indices and calls."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def is_definition(statement: ast.stmt) -> bool:
    """Return whether a statement is a def, a class, or a name for a lambda."""
    return isinstance(statement, _DEFINITION) or (
        isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda)
    )


def is_stub(statement: ast.stmt) -> bool:
    """Return whether a function or class contains only a docstring, `pass` or `...`."""
    return isinstance(statement, _DEFINITION) and all(
        isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        for s in statement.body
    )


def program_statements(body: list[ast.stmt], entry_point: str | None) -> list[ast.stmt]:
    """Return the statements that form the program. The others cost time when tests run, or fail.

    Imports, definitions and assignments stay, and top-level code that prepares what definitions
    use. Calls, prints, asserts, the main block and whatever reads input go.
    """
    bound = defined_names(s for s in body if isinstance(s, (*_DEFINITION, *_ASSIGNMENT)))
    functions = defined_names(s for s in body if is_definition(s))
    imports = [s for s in body if isinstance(s, _IMPORT)]
    modules = defined_names(imports) - _TEST_MODULES
    known = defined_names(s for s in imports if _is_standard(s))
    used = {name for s in body if is_definition(s) for name in names_read(s)} | functions
    used |= {entry_point} if entry_point else set()
    preparing = _preparing_functions(body, entry_point)
    # Add the names that used assignments read, from the end, because an assignment comes before its
    # use.
    for statement in reversed(body):
        if isinstance(statement, _ASSIGNMENT) and defined_names([statement]) & used:
            used |= names_read(statement)
    printed = {
        name for s in body if isinstance(s, (ast.Expr, ast.Assert)) for name in names_read(s)
    }

    def wanted(statement: ast.stmt) -> bool:
        if isinstance(statement, (*_DEFINITION, *_IMPORT)):
            return True
        if _stops(statement) or (isinstance(statement, ast.AnnAssign) and not statement.value):
            return False
        if _reads_input(statement) or any(isinstance(n, ast.Return) for n in own_nodes(statement)):
            return False
        if isinstance(statement, _ASSIGNMENT):
            targets = defined_names([statement]) or {
                root_name(t) or "" for t in _targets(statement)
            }
            example = names_read(statement) & functions and (entry_point or targets <= printed)
            return bool(targets & used) or not example
        if isinstance(statement, ast.Expr):
            name = root_name(statement.value)
            if isinstance(statement.value, ast.Call) and name in preparing:
                return True
            sets_up = name in modules and not names_read(statement) & functions
            return isinstance(statement.value, ast.Call) and (
                (sets_up and (name in used or name in known))
                or (name in used and name in bound and name not in functions)
            )
        return not isinstance(statement, (ast.Assert, ast.Pass, ast.Delete)) and _prepares(
            statement, used, preparing
        )

    return [statement for statement in body if wanted(statement)]


def _stops(statement: ast.stmt) -> bool:
    """Return whether a statement at top level ends the process, or does nothing but wait."""
    if isinstance(statement, ast.Raise):
        return True
    if not isinstance(statement, (ast.Expr, ast.Assign)) or not isinstance(
        statement.value, ast.Call
    ):
        return False
    called = statement.value.func
    if isinstance(called, ast.Name):
        return called.id in _STOPS
    return isinstance(called, ast.Attribute) and called.attr in _STOP_METHODS


def without_own_tests(body: list[ast.stmt], entry_point: str | None) -> list[ast.stmt]:
    """Return the statements of all parts of a program without the tests that the reply brings.

    Imports of packages outside the standard library that nothing else uses go with them.
    """
    tests = [s for s in body if _is_own_test(s) and getattr(s, "name", "") != entry_point]
    rest = [s for s in body if s not in tests]
    if not any(is_definition(s) for s in rest):
        return body
    read = {name for s in rest for name in names_read(s)}
    body = [s for s in body if s not in tests or getattr(s, "name", "") in read]
    read = {name for s in body for name in names_read(s)}
    return [s for s in body if not _is_unused_import(s, read)]


def _is_own_test(statement: ast.stmt) -> bool:
    if not isinstance(statement, _DEFINITION):
        return False
    if isinstance(statement, ast.ClassDef):
        methods = [s.name for s in statement.body if isinstance(s, FUNCTION_NODES)]
        return any(name.startswith("test") for name in methods)
    return bool(_TEST_NAME.match(statement.name))


def _is_unused_import(statement: ast.stmt, read: set[str]) -> bool:
    """Return whether an import from outside the standard library binds no name that is read."""
    if not isinstance(statement, _IMPORT):
        return False
    names = defined_names([statement])
    return not _is_standard(statement) and "*" not in names and not names & read


def _is_standard(statement: ast.Import | ast.ImportFrom) -> bool:
    """Return whether an import is of the standard library alone."""
    modules = [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        modules = [statement.module or ""]
    return all(module.partition(".")[0] in sys.stdlib_module_names for module in modules)


def _targets(statement: ast.stmt) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # pyright: ignore[reportAttributeAccessIssue]


def _reads_input(statement: ast.stmt) -> bool:
    return any(
        (
            isinstance(n, ast.Call)
            and isinstance(n.func, ast.Name)
            and n.func.id in ("input", "raw_input")
        )
        or (isinstance(n, ast.Attribute) and n.attr in ("stdin", "argv", "parse_args"))
        for n in own_nodes(statement)
    )


def _preparing_functions(body: list[ast.stmt], entry_point: str | None) -> set[str]:
    """Return the functions that change global variables, and are not the wanted one."""
    variables = defined_names(s for s in body if isinstance(s, _ASSIGNMENT))
    preparing: set[str] = set()
    for function in body:
        if not isinstance(function, FUNCTION_NODES) or function.name == entry_point:
            continue
        nodes = list(ast.walk(function))
        names = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        changed = {root_name(n) for n in nodes if _changes(n)} - {n.id for n in names}
        if changed & variables or any(isinstance(n, ast.Global) for n in nodes):
            preparing.add(function.name)
    return preparing


def _changes(node: ast.AST) -> bool:
    """Return whether a node stores into an object or calls one of its methods."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute)
    return isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store)


def _prepares(statement: ast.stmt, used: set[str], preparing: set[str]) -> bool:
    """Return whether a loop, `if`, `with` or `try` binds or changes a name that definitions use."""
    if isinstance(statement, ast.If) and any(
        isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(statement.test)
    ):
        return False
    for node in own_nodes(statement):
        if isinstance(node, (*_DEFINITION, *_IMPORT)):
            return True
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and called.id in preparing:
            return True
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in used:
            return True
        if (
            isinstance(node, (ast.Subscript, ast.Attribute))
            and isinstance(node.ctx, ast.Store)
            and root_name(node) in used
        ):
            return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and root_name(node) in used
        ):
            return True
    return False
