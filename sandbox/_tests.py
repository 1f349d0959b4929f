"""Run the tests in a process that never runs a line of the program and compares only plain data.

One job a line on its input: `{"tests": [...], "setup": ..., "entry_point": ...}`. Each is done in a
fork, which asks the program through the parent (`{"ask": request}`), and reports `{"outcome":
[passed, message, value]}` for each test.
"""

import ast
import builtins
import importlib
import json
import os
import sys

from _confine import channel, confine
from _wire import pack, unpack

MAX_MESSAGE_CHARS = 160  # characters of a value or a test in a message


class ProgramError(Exception):
    """The program raised an exception that is not a builtin one."""


class ProgramGone(BaseException):
    """The program no longer answers."""


class Link:
    """The connection to the program in its other process."""

    def __init__(self, replies, asks):
        self.replies, self.asks = replies, asks

    def ask(self, verb, *given):
        request = [verb, *(pack(part, self._handle) for part in given)]
        self.send({"ask": repr(request)})
        try:
            reply = json.loads(self.replies.readline())
            if "gone" in reply:
                raise ProgramGone(str(reply["gone"]))
            if "error" in reply:
                kind, text = map(str, reply["error"])
                raise self._exception(kind, text)
            return unpack(reply["value"], self._reference)
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            RecursionError,
            OverflowError,
            MemoryError,
        ) as error:
            if isinstance(error, _Raised):
                raise
            raise ProgramGone("what the program handed back cannot be read") from None

    def send(self, message):
        self.asks.write(json.dumps(message).encode() + b"\n")

    def _exception(self, kind, text):
        found = getattr(builtins, kind, None)
        if (
            isinstance(found, type)
            and issubclass(found, Exception)
            and found not in (UnicodeDecodeError, UnicodeEncodeError)
        ):
            return type(kind, (found, _Raised), {})(text)
        return ProgramError(f"{kind}: {text}")

    def _handle(self, value):
        if isinstance(value, Remote):
            return object.__getattribute__(value, "_place")
        name = getattr(value, "__name__", None)
        if isinstance(name, str) and getattr(builtins, name, self) is value:
            return ["name", name]
        raise TypeError(f"a {type(value).__name__} cannot be handed to the program")

    def _reference(self, tag, content):
        if tag != "handle":
            raise ValueError(tag)
        number, kind = content
        if type(number) is not int:
            raise ValueError(number)
        return Remote(self, ["handle", number], str(kind))


class _Raised(Exception):
    """Marks the exceptions that the program raised."""


class Remote:
    """An object of the program: it can be called and inspected, and equals only itself."""

    def __init__(self, link, place, kind):
        for name, value in (("_link", link), ("_place", place), ("_kind", kind)):
            object.__setattr__(self, name, value)

    def __call__(self, *args, **kwargs):
        return self._link.ask("call", self, args, kwargs)

    def __iter__(self):
        return iter(self._link.ask("iter", self))

    def __len__(self):
        return self._link.ask("len", self)

    def __bool__(self):
        return True

    def __getitem__(self, key):
        return self._link.ask("item", self, key)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._link.ask("attr", self, name)

    def __setattr__(self, name, value):
        self._link.ask("set", self, name, value)

    def __repr__(self):
        return f"<{self._kind} of the program>"


class ExplainAsserts(ast.NodeTransformer):
    """Rewrites each `assert A == B` so that its message contains A."""

    def visit_Assert(self, node):
        source = shorten(ast.unparse(node))
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left = ast.NamedExpr(ast.Name("_cope_left", ast.Store()), test.left)
            test = ast.Compare(left, test.ops, test.comparators)
            said = ast.parse(f"_cope_failed({source!r}, _cope_left)", mode="eval").body
        else:
            said = ast.parse(f"_cope_failed({source!r})", mode="eval").body
        return ast.If(ast.UnaryOp(ast.Not(), test), [ast.Expr(said)], [])


def fail_assert(source, *left):
    raise AssertionError(f"{source}: got {shorten(repr(left[0]))}" if left else f"{source}: not so")


def shorten(text):
    text = " ".join(text.split())
    return text if len(text) <= MAX_MESSAGE_CHARS else text[: MAX_MESSAGE_CHARS - 3] + "..."


def namespace(link, sources, entry_point):
    """Return the tests' names: their own, builtins, standard modules; all others are the program's."""
    used, own = set(), set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Name):
                (used if isinstance(node.ctx, ast.Load) else own).add(node.id)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                own.add(node.name)
            elif isinstance(node, ast.arg):
                own.add(node.arg)
            elif isinstance(node, ast.alias):
                own.add(node.asname or node.name.partition(".")[0])
    space = {"__name__": "tests", "_cope_failed": fail_assert}
    for name in used - own - set(dir(builtins)):
        if name in sys.stdlib_module_names:
            space[name] = importlib.import_module(name)
        else:
            space[name] = Remote(link, ["name", name], name)
    if entry_point:
        space[entry_point] = Remote(link, ["name", entry_point], entry_point)
    return space


def run(link, job):
    """Run a job's tests in order, and report each."""
    gone = None
    tests, space = job["tests"], None
    try:
        space = namespace(link, [job["setup"], *tests], job["entry_point"])
        exec(compile(job["setup"], "<setup>", "exec"), space)
        entry = job["entry_point"]
        if entry:
            space[entry] = Remote(link, ["name", entry], entry)  # whatever the setup calls so
    except ProgramGone as error:
        gone = str(error)
    except BaseException as error:
        gone = f"the tests cannot be set up: {describe_error(error)}"
    for test in tests:
        outcome = [False, gone, None]
        if gone is None:
            try:
                outcome = [True, "", check(test, space)]
            except ProgramGone as error:
                gone = str(error)
                outcome = [False, gone, None]
            except BaseException as error:
                outcome = [False, describe_error(error), None]
        link.send({"outcome": outcome})


def check(test, space):
    """Run one test; return the `repr` of a single expression's value."""
    tree = ast.parse(test)
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        value = eval(compile(ast.Expression(tree.body[0].value), "<test>", "eval"), space)
        if (
            isinstance(value, Remote)
            and hasattr(type(value), "__iter__")
            and value._kind in ITERATORS
        ):
            value = list(value)
        return repr(value)
    exec(compile(ast.fix_missing_locations(ExplainAsserts().visit(tree)), "<test>", "exec"), space)
    return None


ITERATORS = (
    "generator",
    "map",
    "filter",
    "zip",
    "enumerate",
    "reversed",
    "dict_keys",
    "dict_values",
    "dict_items",
)


def describe_error(error):
    kind = type(error).__name__
    text = (
        str(error) if kind == "AssertionError" else shorten(str(error))
    )  # ours are short already, part by part
    if kind == "ProgramError" or (kind == "AssertionError" and text):
        return text
    return f"{kind}: {text}" if text else kind


def main():
    confine(0, int(sys.argv[2]), int(sys.argv[3]))
    jobs, asks = channel()
    asks.write(b"ready\n")
    for line in jobs:
        if not hasattr(os, "fork"):
            run(Link(jobs, asks), json.loads(line))
            asks.write(b'{"done":true}\n')
            continue
        child = os.fork()
        if child == 0:
            try:
                confine(int(sys.argv[1]), 0, 0)
                run(Link(jobs, asks), json.loads(line))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        asks.write(b'{"done":true}\n')


if __name__ == "__main__":
    main()
