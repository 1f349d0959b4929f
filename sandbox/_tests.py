"""Run the tests in a process that never runs a line of the program and compares only plain data.

Each line of the input is a job: `{"tests": [...], "setup": ..., "entry_point": ...}`. It runs in a
fork, which cannot fork again, sends requests to the program through the parent
(`{"ask": request}`), and reports `{"outcome": [result, message, value]}` for each test, where the
result is "pass", "fail" or "error".
"""

import ast
import builtins
import importlib
import json
import os
import re
import sys

from _confine import channel, confine, forbid_processes
from _forward import forward
from _link import Link, ProgramGone
from _remote import CannotJudge, Mirror, info_of, is_remote, plain_value

MAX_MESSAGE_CHARS = 160  # characters of a value or a test in a message


class ExplainAsserts(ast.NodeTransformer):
    """Rewrites each `assert A == B`: its message contains A, and B sees unchanged arguments."""

    def visit_Assert(self, node):
        source = shorten(ast.unparse(node))
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left = ast.NamedExpr(ast.Name("_cope_left", ast.Store()), self.visit(test.left))
            test = held(ast.Compare(left, test.ops, list(map(self.visit, test.comparators))))
            said = ast.parse(f"_cope_failed({source!r}, _cope_left)", mode="eval").body
        else:
            test = self.visit(test)
            said = ast.parse(f"_cope_failed({source!r})", mode="eval").body
        return ast.If(ast.UnaryOp(ast.Not(), test), [ast.Expr(said)], [])

    def visit_Compare(self, node):
        return held(self.generic_visit(node))


def held(compare):
    """Return a comparison whose right side does not see what its left side changes."""
    names = (n for right in compare.comparators for n in ast.walk(right) if isinstance(n, ast.Name))
    if all(isinstance(op, (ast.Is, ast.IsNot)) for op in compare.ops):
        return compare
    if not any(names) or not any(isinstance(n, ast.Call) for n in ast.walk(compare.left)):
        return compare
    hold, release = (ast.parse(f"_cope_{name}()", mode="eval").body for name in ("hold", "release"))
    parts = ast.Tuple([hold, compare, release], ast.Load())
    return ast.Subscript(parts, ast.Constant(1), ast.Load())


DELAYED = "; the right side was compared as it was before the call changed it"


def shorten(text):
    text = " ".join(_ADDRESS.sub("", text).split())
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= MAX_MESSAGE_CHARS else text[: MAX_MESSAGE_CHARS - 3] + "..."


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Names(dict):
    """The tests' names: their own, builtins, standard modules; all others are the program's."""

    def __init__(self, link, sources, entry_point):
        super().__init__(__name__="tests", _cope_failed=self.fail)
        self.update(_cope_hold=link.hold, _cope_release=link.release)
        self.link, self.entry_point = link, entry_point
        self.functions = {}  # of the program, for the length of a test
        self.tested = set()  # what a test calls and Python does not define
        nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
        attributes = (node.value for node in nodes if isinstance(node, ast.Attribute))
        self.objects = {value.id for value in attributes if isinstance(value, ast.Name)}

    def fail(self, source, *left):
        """Raise the error of an assertion that does not hold."""
        text = f"{source}: got {shorten(repr(left[0]))}" if left else f"{source}: not so"
        raise AssertionError(f"{text}{DELAYED}" if self.link.delayed else text)

    def start(self, tree):
        """Prepare for a test."""
        self.link.delayed = False
        self.link.release()
        self.functions.clear()
        calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
        called = {function.id for function in calls if isinstance(function, ast.Name)}
        self.tested = called - _BUILTINS - set(_HELPERS)

    def __missing__(self, name):
        if name == self.entry_point:
            return self.of_program(name)
        if name in _BUILTINS:
            raise KeyError(name)
        if name in _HELPERS and self.tested:  # a program cannot bring its own judge
            self[name] = getattr(importlib.import_module(_HELPERS[name]), name)
            return self[name]
        if name in sys.stdlib_module_names and name in self.objects:
            self[name] = importlib.import_module(name)
            return self[name]
        return self.of_program(name)

    def of_program(self, name):
        if name in self.functions:
            return self.functions[name]
        found, value = self.link.ask("name", name)
        if not found:
            if name in sys.stdlib_module_names:
                return importlib.import_module(name)
            raise NameError(f"name {name!r} is not defined")
        if type(value) is Mirror:
            info_of(value).named = True
        if type(value) is Mirror or (is_remote(value) and info_of(type(value)).name == "function"):
            self.functions[name] = value
        return value


_BUILTINS = frozenset(dir(builtins))
# Helpers that tests use without an import, and where they are.
_HELPERS = dict.fromkeys(("Counter", "OrderedDict", "defaultdict", "deque"), "collections")
_HELPERS |= {"isclose": "math", "deepcopy": "copy", "Decimal": "decimal", "Fraction": "fractions"}


def run(replies, asks, job):
    """Run a job's tests in order, and report each."""
    tests, setup = job["tests"], job["setup"]
    link = Link(replies, asks, [setup, *tests])
    gone, names = None, None
    try:
        names = Names(
            link, [source for source in [setup, *tests] if parses(source)], job["entry_point"]
        )
        forward(link, [setup, *tests])
        if not parses(setup):
            raise CannotJudge("the setup is not valid Python")
        exec(compile(setup, "<setup>", "exec"), names)
        names.pop(job["entry_point"], None)  # whatever the setup calls so
    except ProgramGone as error:
        gone = ["fail", str(error), None]
    except BaseException as error:
        judged = link.asked and not is_of_test(error, link)
        why = f"the tests cannot be set up: {describe_error(error)}"
        gone = ["fail" if judged else "error", why, None]
    for test in tests:
        outcome = gone
        if gone is None:
            try:
                outcome = ["pass", "", check(test, names)]
            except ProgramGone as error:
                outcome = gone = ["fail", str(error), None]
            except BaseException as error:
                result = "error" if is_of_test(error, link) else "fail"
                outcome = [result, describe_error(error), None]
            link.stopped = None
        link.send({"outcome": outcome})


def is_of_test(error, link):
    """Return whether a test ended for a reason that says nothing about the program."""
    if error is link.last_error:
        missing = getattr(error, "filename", None) if isinstance(error, FileNotFoundError) else None
        return isinstance(missing, str) and os.path.exists(missing)  # a file that the test made
    return isinstance(error, (CannotJudge, ModuleNotFoundError))


def parses(source):
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def check(test, names):
    """Run one test; return the `repr` of a single expression's value."""
    try:
        tree = ast.parse(test)
    except (SyntaxError, ValueError) as error:
        raise CannotJudge(describe_error(error)) from None
    names.start(tree)
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        value = eval(compile(ast.Expression(tree.body[0].value), "<test>", "eval"), names)
        return text_of(value)
    exec(compile(ast.fix_missing_locations(ExplainAsserts().visit(tree)), "<test>", "exec"), names)
    return None


_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))


def text_of(value):
    """Return the text of a value for votes; None for values that differ only by address."""
    if is_remote(value) and type(value) is not Mirror and info_of(type(value)).base is None:
        if hasattr(type(value), "__next__"):
            value = list(value)
    elif isinstance(value, _VIEWS):
        value = list(value)
    text = repr(plain(value))
    return None if _ADDRESS.search(text) else text


def plain(value, depth=0):
    """Return a value with subclasses of plain types as these types."""
    if is_remote(value) and type(value) is not Mirror and info_of(type(value)).base:
        if "repr" in info_of(type(value)).methods and info_of(type(value)).base is not tuple:
            return value
        return plain(plain_value(value), depth + 1)
    if depth > 100:
        return value
    if isinstance(value, dict):
        return {plain(k, depth + 1): plain(v, depth + 1) for k, v in value.items()}
    if type(value) is list:
        return [plain(item, depth + 1) for item in value]
    return tuple(plain(item, depth + 1) for item in value) if type(value) is tuple else value


def describe_error(error):
    kind = type(error).__name__
    text = str(error)
    if not (kind == "AssertionError" and text.startswith("assert ")):
        text = shorten(text)  # ours are short already, part by part
    if kind in ("ProgramError", "CannotCompare", "CannotJudge") or (
        kind == "AssertionError" and text
    ):
        return text
    return f"{kind}: {text}" if text else kind


def main():
    cpu_seconds, memory, file_size, processes = map(int, sys.argv[1:5])
    confine(0, memory, file_size, 0)
    jobs, asks = channel()
    asks.write(b"ready\n")
    for line in jobs:
        if not hasattr(os, "fork"):
            run(jobs, asks, json.loads(line))
            asks.write(b'{"done":true}\n')
            continue
        child = os.fork()
        if child == 0:
            try:
                confine(cpu_seconds, 0, 0, processes)
                forbid_processes(sys.argv[5:])
                run(jobs, asks, json.loads(line))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        asks.write(b'{"done":true}\n')


if __name__ == "__main__":
    main()
