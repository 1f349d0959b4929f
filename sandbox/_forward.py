"""Make what a test does to its own process happen in the program's process too.

A test may replace the standard streams, `print` and `input`, seed `random`, and look into objects
with functions of the standard library.
"""

import builtins
import functools
import importlib
import operator
import random
import sys

from _remote import is_remote
from _request import Place

# Functions that look into objects: for those of the program they run there.
_LOOKING = {
    "dataclasses": "asdict astuple replace fields is_dataclass",
    "inspect": "signature isgeneratorfunction iscoroutinefunction getsource getdoc getfullargspec"
    " isclass",
    "json": "dumps",
    "typing": "get_type_hints",
    "pprint": "pformat",
}
_OF_BUILTINS = frozenset("len hash bool str repr iter int float abs divmod pow".split())


def forward(link, sources):
    """Make functions that change or look into the other process do so, where tests use them.

    `random.seed` also seeds the program, and `dataclasses.asdict` of an object of the program
    runs there.
    """
    text = "\n".join(sources)
    if "random" in text:
        random.seed = _seeding(link, random.seed)
    for module, names in _LOOKING.items():
        if module in text:
            space = importlib.import_module(module)
            for name in names.split():
                setattr(space, name, _looking(link, module, name, getattr(space, name)))


def _seeding(link, seed):
    def both(*args, **kwargs):
        seed(*args, **kwargs)
        link.ask("seed", list(args))

    return both


def _looking(link, module, name, function):
    def look(*args, **kwargs):
        if not any(map(_holds_remote, (*args, *kwargs.values()))):
            return function(*args, **kwargs)
        return link.ask("call", Place(f"{module}.{name}", "name"), args, kwargs)

    return functools.wraps(function)(look)


def _holds_remote(value, depth=0):
    """Return whether a value is or contains an object of the program."""
    if is_remote(value) or depth > 5:
        return is_remote(value)
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return False
    return any(_holds_remote(item, depth + 1) for item in value)


def apply_to_test_object(kind, target, args):
    """Return the result of what the program does to an object of the tests."""
    name, *rest = args
    if kind == "op":
        function = getattr(builtins if name in _OF_BUILTINS else operator, name)
        return function(*rest)
    if name.startswith("__"):  # its class leads to everything that the tests know
        raise AttributeError(f"{type(target).__name__!r} object has no attribute {name!r}")
    if kind == "attr":
        return getattr(target, name)
    return setattr(target, name, *rest) if kind == "set" else delattr(target, name)


def streams():
    return sys.stdout, sys.stdin, builtins.input, builtins.print


def replaced_streams(link):
    """Return what the test has put in place of the standard streams; None for nothing."""
    now = streams()
    new = [a is not b for a, b in zip(now, link.usual, strict=True)]
    if not any(new):
        return None
    text = None
    if sys.stdin is not link.usual[1] and hasattr(sys.stdin, "getvalue"):
        text = sys.stdin.getvalue()[sys.stdin.tell() :]  # pyright: ignore
    functions = [link.offer(now[place]) if new[place] else None for place in (2, 3)]
    return [new[0], functions, text]


def take_streams(link, printed, read):
    if sys.stdout is not link.usual[0]:
        sys.stdout.write(str(printed))
    if sys.stdin is not link.usual[1] and hasattr(sys.stdin, "getvalue"):
        sys.stdin.seek(sys.stdin.tell() + read)
