"""The connection of the tests to the program in its other process."""

import json
import sys
import threading

from _forward import apply_to_test_object, replaced_streams, streams, take_streams
from _iterators import Buffer
from _methods import make_class
from _remote import CannotCompare, CannotJudge, Mirror, info_of
from _request import Place, Request, named_value
from _wire import Unpacker, refill, snapshot, unchanged

_MAX_LIVE = 1_000  # containers that are kept the same on both sides
_HELD_BY_LINK = 3  # references to a container that only the table of containers holds


class ProgramError(Exception):
    """The program raised an exception that cannot be raised in this process."""


class ProgramGone(BaseException):
    """The program no longer answers."""


class Link(Unpacker):
    """Asks the program, and answers when it calls a function of the tests."""

    def __init__(self, replies, asks, sources=()):
        self.replies, self.asks = replies, asks
        self.allows_stop = any("StopIteration" in source for source in sources)
        self.objects, self.classes = {}, {}
        self.shared, self.numbers, self.last_shared = {}, {}, 0
        self.offered = []
        self.held, self.pending = False, {}
        self.delayed = False  # whether the last comparison did not see a change
        self.asked = False
        self.stopped: BaseException | None = (
            None  # what a function of the tests raised that ends the test
        )
        self.usual = streams()
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
                return "return", (apply_to_test_object(kind, target, args),)
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
        return json.dumps([verb, list(self.shared), updates, replaced_streams(self), *packed])

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
            take_streams(self, *reply["streams"])

    def hold(self):
        """Delay the program's changes of its arguments until a comparison is done.

        Otherwise `f(xs) == sorted(xs)` would hold for a program that empties its list.
        """
        self.held = True

    def release(self):
        """Apply the program's changes to the tests' containers."""
        if self.held:
            self.delayed = bool(self.pending)
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
            return named_value(content)
        if tag == "class":
            return self.class_of(content)
        if tag == "error":
            place, kind, args, text, attributes, cause = content
            args = [self.unpack(part) for part in args]
            attributes = self.unpack(attributes)
            error = _exception(place, self.unpack(kind), args, str(text), attributes)
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
            description = self.ask("describe", Place(place))
            self.classes[place] = make_class(self, place, description)
        return self.classes[place]

    def _awaitable(self, content):
        place, kind = content
        coroutine = self.reference("object", [place, kind])

        async def run():
            return self.ask("await", coroutine)

        return run()

    def _error(self, kind, text, packed=None):
        if packed is None:
            return ProgramError(f"{kind}: {text}".removesuffix(": "))
        error = self.unpack(packed)
        if not isinstance(error, BaseException):
            raise ValueError(kind)
        return error


def _exception(place, kind, args, text, attributes):
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
