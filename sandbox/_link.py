"""The connection of the tests to the program in its other process."""

import builtins
import functools
import importlib
import json
import operator
import random
import sys
import threading

from _methods import Buffer, make_class
from _remote import CannotCompare, CannotJudge, Mirror, info_of, is_theirs
from _wire import Packer, Unpacker, find_standard, refill, snapshot, unchanged

_MAX_LIVE = 1_000  # containers that are kept the same on both sides
_HELD_BY_LINK = 3  # references to a container that only the table of containers holds
_STANDARD = (
    *("collections", "collections.abc", "decimal", "fractions", "datetime", "pathlib", "uuid"),
    "numbers",
)
# Modules of the standard library that do something when they are imported.
_NOT_IMPORTED = frozenset(
    "antigravity this turtle turtledemo tkinter idlelib test lib2to3 ensurepip venv pydoc".split()
)
# Functions that look into objects: for those of the program they run there.
_LOOKING = {
    "dataclasses": "asdict astuple replace fields is_dataclass",
    "inspect": "signature isgeneratorfunction iscoroutinefunction getsource getdoc getfullargspec isclass",
    "json": "dumps",
    "typing": "get_type_hints",
    "pprint": "pformat",
}
_OF_BUILTINS = frozenset("len hash bool str repr iter int float abs divmod pow".split())
_PURE = frozenset(
    "abs all any ascii bin callable chr divmod format hash hex iter len max min next oct ord pow repr"
    " round sorted sum Ellipsis NotImplemented".split()
)


class ProgramError(Exception):
    """The program raised an exception that cannot be raised in this process."""


class ProgramGone(BaseException):
    """The program no longer answers."""


class Request(Packer):
    """Packs the values that the tests send to the program."""

    def __init__(self, link):
        super().__init__()
        self.link = link

    def number(self, value):
        return self.link.number_of(value)

    def other(self, value, depth):
        if type(value) is _Place:
            return [value.tag, value.place]
        if type(value) is Mirror:
            return ["class", info_of(value).place]
        if is_theirs(value):
            return ["object", value._cope_place]
        path = _standard_path(value)
        if path:
            return ["name", path]
        if isinstance(value, BaseException) and _standard_path(type(value)):
            args = [self.pack(part, depth + 1) for part in value.args]
            return ["error", [_standard_path(type(value)), args]]
        if type(value).__name__ == "traceback":
            return None
        name = str(getattr(value, "__name__", type(value).__name__))
        if type(value).__module__ == "tests":  # a class of the test's own
            return ["thing", [self.link.offer(value), name]]
        if hasattr(type(value), "__next__"):
            return ["iterator", [self.link.offer(value), name]]
        if callable(value):
            return ["function", [self.link.offer(value), name]]
        raise CannotJudge(f"a {type(value).__name__} cannot be handed to the program")


def _standard_path(value):
    """Return the path by which the program finds the same object of the standard library."""
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or "." in name:
        return None
    try:
        path = f"{module}.{name}"
        return path if find_standard(path) is value else None
    except (LookupError, AttributeError, ImportError):
        return None


class Link(Unpacker):
    """Asks the program, and answers when it calls a function of the tests."""

    def __init__(self, replies, asks, sources=()):
        self.replies, self.asks = replies, asks
        self.allows_stop = any("StopIteration" in source for source in sources)
        self.objects, self.classes = {}, {}
        self.shared, self.numbers, self.last_shared = {}, {}, 0
        self.offered = []
        self.held, self.pending = False, {}
        self.asked = False
        self.stopped: BaseException | None = (
            None  # what a function of the tests raised that ends the test
        )
        self.usual = _streams()
        self.lock = threading.RLock()
        self.last_error = None

    def send(self, message):
        self.asks.write(json.dumps(message).encode() + b"\n")

    def ask(self, verb, *parts):
        """Return the program's result, or raise its exception."""
        with self.lock:
            return self._ask(verb, parts)

    def _ask(self, verb, parts):
        self.asked = True
        packed = self._packed(verb, parts)
        while True:
            self.send({"ask": packed})
            try:
                reply = json.loads(self.replies.readline())
                if "gone" in reply:
                    raise ProgramGone(str(reply["gone"]))
                self._take_changes(reply)
                if "call" not in reply:
                    break
                kind, number, args, kwargs = reply["call"]
                args, kwargs = self.unpack(args), self.unpack(kwargs)
                target = self.offered[number]
            except ProgramGone:
                raise
            except Exception as error:
                raise ProgramGone("what the program handed back cannot be read") from error
            packed = self._packed(*self._called(target, kind, args, kwargs))
        if self.stopped:
            raise self.stopped
        return self._result(verb, reply)

    def _result(self, verb, reply):
        try:
            if "error" not in reply:
                return self._fresh(self.unpack(reply["value"]))
            raised = self._error(*reply["error"])
        except (CannotCompare, CannotJudge):
            raise
        except Exception as error:
            raise ProgramGone("what the program handed back cannot be read") from error
        if (
            isinstance(raised, StopIteration)
            and not self.allows_stop
            and verb not in ("next", "op")
        ):
            raised = ProgramError(f"StopIteration: {raised}".removesuffix(": "))
        self.release()
        self.last_error = raised
        raise raised

    def _called(self, target, kind, args, kwargs):
        """Return the verb and the part of the reply to a call of a function of the tests."""
        try:
            if kind == "function":
                return "return", (target(*args, **kwargs),)
            if kind != "next":
                return "return", (_done_to_thing(kind, target, args),)
            try:
                return "return", ((False, next(target)),)
            except StopIteration as stop:
                return "return", ((True, stop.value),)
        except (ProgramGone, CannotCompare, CannotJudge) as error:
            self.stopped = self.stopped or error
            return "raise", (("RuntimeError", ("the test has ended",)),)
        except BaseException as error:
            kinds = [
                k.__name__
                for k in type.__dict__["__mro__"].__get__(type(error))
                if k.__module__ == "builtins"
            ]
            args = tuple(part for part in error.args if isinstance(part, (str, int, float, bool)))
            return "raise", ((kinds[0], args),)

    # Containers that both sides hold.

    def _packed(self, verb, parts):
        request, before = Request(self), self.last_shared
        packed = [request.pack(part) for part in parts]
        updates, dropped = [], []
        for number, entry in list(self.shared.items()):
            used = sys.getrefcount(entry[0]) >= _HELD_BY_LINK
            known = number <= before and number not in self.pending
            if known and len(updates) < _MAX_LIVE and not unchanged(*entry):
                updates.append([number, Request(self).content(entry[0], None, 0)])
                entry[1] = snapshot(entry[0])
            elif not used:
                dropped.append(number)
        for number in dropped:
            del self.numbers[id(self.shared.pop(number)[0])]
        return json.dumps([verb, list(self.shared), updates, self._streams(), *packed])

    def _streams(self):
        """Return what the test has put in place of the standard streams; None for nothing."""
        now = _streams()
        new = [a is not b for a, b in zip(now, self.usual, strict=True)]
        if not any(new):
            return None
        text = None
        if sys.stdin is not self.usual[1] and hasattr(sys.stdin, "getvalue"):
            text = sys.stdin.getvalue()[sys.stdin.tell() :]  # pyright: ignore
        functions = [self.offer(now[place]) if new[place] else None for place in (2, 3)]
        return [new[0], functions, text]

    def _take_streams(self, printed, read):
        if sys.stdout is not self.usual[0]:
            sys.stdout.write(str(printed))
        if sys.stdin is not self.usual[1] and hasattr(sys.stdin, "getvalue"):
            sys.stdin.seek(sys.stdin.tell() + read)

    def number_of(self, value):
        number = self.numbers.get(id(value))
        if number is not None:
            return number, True
        self.last_shared += 1
        self.register(self.last_shared, value)
        return self.last_shared, False

    def register(self, number, value):
        self.shared[number] = [value, snapshot(value)]
        self.numbers[id(value)] = number

    def _take_changes(self, reply):
        for number, packed in reply.get("changed", ()):
            filled = self.unpack(packed)
            if number not in self.shared or type(filled) is not type(self.shared[number][0]):
                raise ValueError(number)
            self.pending[number] = filled
        if not self.held:
            self.release()
        if "streams" in reply:
            self._take_streams(*reply["streams"])

    def hold(self):
        """Delay the program's changes of its arguments until a comparison is done.

        Otherwise `f(xs) == sorted(xs)` would hold for a program that empties its list.
        """
        self.held = True

    def release(self):
        """Apply the program's changes to the tests' containers."""
        self.held = False
        for number, filled in self.pending.items():
            if number in self.shared:
                entry = self.shared[number]
                refill(entry[0], filled)
                entry[1] = snapshot(entry[0])
        self.pending.clear()

    def _fresh(self, value):
        """Return a value with the delayed changes."""
        if not self.pending:
            return value
        source = self.pending.get(self.numbers.get(id(value)), value)
        if type(source) in (list, tuple):
            return type(source)([self._fresh(item) for item in source])
        if type(source) is dict:
            return {key: self._fresh(item) for key, item in source.items()}
        return source

    # Functions of the tests, objects and errors of the program.

    def offer(self, value):
        for number, offered in enumerate(self.offered):
            if offered is value:
                return number
        self.offered.append(value)
        return len(self.offered) - 1

    def reference(self, tag, content):
        if tag == "shared":
            return self.shared[content][0]
        if tag == "yours":
            return self.offered[content]
        if tag == "name":
            return _named_value(content)
        if tag == "class":
            return self.class_of(content)
        if tag == "error":
            place, kind, args, text, attributes, cause = content
            args = [self.unpack(part) for part in args]
            attributes = self.unpack(attributes)
            error = self._exception(place, self.unpack(kind), args, str(text), attributes)
            cause = self.unpack(cause)
            if isinstance(cause, BaseException):
                error.__cause__ = cause
            return error
        if tag == "coroutine":
            return self._awaitable(content)
        if tag not in ("object", "value"):
            raise ValueError(tag)
        place, kind, *plain = content
        if place not in self.objects:
            cls = self.class_of(kind)
            base = info_of(cls).base
            if (base is None) != (not plain):
                raise ValueError(tag)
            made = base.__new__(cls, self.unpack(plain[0])) if plain else object.__new__(cls)
            object.__setattr__(made, "_cope_place", place)
            object.__setattr__(made, "_cope_buffer", Buffer())
            self.objects[place] = made
        return self.objects[place]

    def class_of(self, place):
        if type(place) is not int:
            raise ValueError(place)
        if place not in self.classes:
            description = self.ask("describe", _Place(place))
            self.classes[place] = make_class(self, place, description)
        return self.classes[place]

    def _awaitable(self, content):
        place, kind = content
        coroutine = self.reference("object", [place, kind])

        async def run():
            return self.ask("await", coroutine)

        return run()

    def _exception(self, place, kind, args, text, attributes):
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise ValueError(kind)
        if kind.__module__ == "builtins" and type(kind) is not Mirror:
            for given in (args, [text]):
                try:
                    return kind(*given)
                except Exception:
                    continue
            return ProgramError(f"{kind.__name__}: {text}")
        try:
            error = kind.__new__(kind, *args)
        except TypeError:
            error = kind.__new__(kind)
        if not isinstance(error, OSError):
            BaseException.__setattr__(error, "args", tuple(args))
        if type(kind) is Mirror:
            BaseException.__setattr__(error, "_cope_place", place)
            BaseException.__setattr__(error, "_cope_text", text)
        else:
            error.__dict__.update(attributes)
        return error

    def _error(self, kind, text, packed=None):
        if packed is None:
            return ProgramError(f"{kind}: {text}".removesuffix(": "))
        error = self.unpack(packed)
        if not isinstance(error, BaseException):
            raise ValueError(kind)
        return error

    def forward(self, sources):
        """Make functions that change or look into the other process do so, where tests use them.

        `random.seed` also seeds the program, and `dataclasses.asdict` of an object of the program
        runs there.
        """
        text = "\n".join(sources)
        if "random" in text:
            random.seed = self._seeding(random.seed)
        for module, names in _LOOKING.items():
            if module in text:
                space = importlib.import_module(module)
                for name in names.split():
                    setattr(space, name, self._looking(module, name, getattr(space, name)))

    def _seeding(self, seed):
        def both(*args, **kwargs):
            seed(*args, **kwargs)
            self.ask("seed", list(args))

        return both

    def _looking(self, module, name, function):
        def look(*args, **kwargs):
            if not any(map(_holds_theirs, (*args, *kwargs.values()))):
                return function(*args, **kwargs)
            return self.ask("call", _Place(f"{module}.{name}", "name"), args, kwargs)

        return functools.wraps(function)(look)


def _done_to_thing(kind, thing, args):
    """Return the result of what the program does to an object of the tests."""
    name, *rest = args
    if kind == "op":
        function = getattr(builtins if name in _OF_BUILTINS else operator, name)
        return function(*rest)
    if name.startswith("__"):  # its class leads to everything that the tests know
        raise AttributeError(f"{type(thing).__name__!r} object has no attribute {name!r}")
    if kind == "attr":
        return getattr(thing, name)
    return setattr(thing, name, *rest) if kind == "set" else delattr(thing, name)


def _streams():
    return sys.stdout, sys.stdin, builtins.input, builtins.print


class _Place:
    """A class of the program of which only the number is known, or a name of the standard library."""

    def __init__(self, place, tag="class"):
        self.place, self.tag = place, tag


def _holds_theirs(value, depth=0):
    """Return whether a value is or contains an object of the program."""
    if is_theirs(value) or depth > 5:
        return is_theirs(value)
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return False
    return any(_holds_theirs(item, depth + 1) for item in value)


def _named_value(path):
    module, _, name = str(path).rpartition(".")
    if module == "builtins":
        value = getattr(builtins, name)
        if not isinstance(value, type) and name not in _PURE:
            raise ValueError(path)
        return value
    if module.partition(".")[0] in _NOT_IMPORTED:
        raise ValueError(path)
    value = find_standard(path)
    if not isinstance(value, type):
        raise ValueError(path)
    if not issubclass(value, BaseException) and module not in _STANDARD:
        raise ValueError(path)
    return value
