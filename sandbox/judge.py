"""Judge one program by its tests."""

import ast
import builtins
from collections.abc import Sequence

from ..util.arguments import check_argument
from .select import open_sandbox
from .tests import TestSuite, Verdict


def judge(program: str, tests: Sequence[str], setup: str = "") -> Verdict:
    """Run a program's tests in this machine's sandbox, and return the verdict.

    The call blocks until the tests are done; `Sandbox.run` is the same for an event loop, with the
    outcome of each test.

    Args:
        program: Python source. It runs in the sandbox and nowhere else.
        tests: each is Python source, most often one `assert`; see `TestSuite`.
        setup: trusted source that runs before the tests, such as helpers that they use.

    Returns:
        "pass" when all tests passed, "fail" when the program failed a test, and "error" when no
        test failed but one or more could not be judged, or when there are no tests.

    Raises:
        CopeError: when there is no sandbox on this machine, or when it does not work.

    Example:
        >>> from cope.sandbox import judge
        >>> judge("def double(x): return x + x", ["assert double(2) == 4"])  # doctest: +SKIP
        'pass'
        >>> judge("def double(x): return x", ["assert double(2) == 4"])  # doctest: +SKIP
        'fail'
        >>> judge("def double(x): return x", ["assert double(2) =="])  # doctest: +SKIP
        'error'
    """
    check_argument("judge(program)", program, str, "Python source as a text")
    tests = (tests,) if isinstance(tests, str) else tuple(tests)
    for test in tests:
        check_argument("a test of judge(tests)", test, str, "Python source as a text")
    suite = TestSuite(tests, setup, _builtin_under_test(program, tests))
    return open_sandbox().run_blocking(program, suite).verdict


def _builtin_under_test(program: str, tests: Sequence[str]) -> str | None:
    """Return the program's function with a builtin's name, if the tests call only this one."""
    try:
        trees = [ast.parse(source) for source in (program, *tests)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    functions = {node.name for node in trees[0].body if isinstance(node, ast.FunctionDef)}
    called = {
        node.func.id
        for tree in trees[1:]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    if called - set(dir(builtins)):
        return None
    candidates = called & functions
    return candidates.pop() if len(candidates) == 1 else None
