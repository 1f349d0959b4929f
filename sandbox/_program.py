"""Run the program under test in the sandbox. It returns values, never verdicts.

Each line of the input is a request, which gets one reply; both are JSON. The first request
contains the program's source. The others are `[verb, live, updates, capture, *parts]`: the
operation on the parts, the shared containers that the tests still use, the tests' changes of them,
and whether to return printed text. A reply is `{"value": ...}` or `{"error": ...}`, or, where the
program calls a function of the tests, `{"call": ...}`, which requests answer. Expected results are
compared in the other process.
"""

# pyright: reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportOptionalCall=false, reportOptionalSubscript=false, reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false
# Requests may be for any value, and importing typing to annotate that takes longer than this whole
# file.

import builtins

__builtins__ = dict(vars(builtins))  # what a program does to the builtins is its own

import _operator
import gc
import sys

from _wire import (
    PARTS,
    Packer,
    Unpacker,
    find_standard,
    from_parts,
    is_standard,
    mro,
    refill,
    snapshot,
    type_path,
    unchanged,
)

try:  # importing json takes as long as all the rest
    from _json import encode_basestring_ascii as quoted, make_scanner
except ImportError:
    from json.encoder import encode_basestring_ascii as quoted
    from json.scanner import make_scanner

NAME = "solution"  # of the program's module
FILE = "<program>"
_MAX_BATCH = 4096  # items of an iterator in a reply
_MAX_TEXT = 100_000  # characters of what is printed
_AWAITABLE = ("coroutine", "async_generator_asend", "async_generator_athrow")
_IMMUTABLE = (int, str, float, tuple, bytes, frozenset, complex)
_PURE = "abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float"
_PURE += (
    " format frozenset hash hex int iter len list map max memoryview min next object oct ord pow"
)
_PURE += " range repr reversed round set slice sorted str sum tuple type zip"
_SHARED_NAMES = frozenset(_PURE.split())
_SHARED_MODULES = (
    *("collections", "collections.abc", "decimal", "fractions", "datetime", "pathlib", "uuid"),
    "numbers",
)
_SPECIAL = (
    "call iter next len bool hash eq ne lt le gt ge contains getitem setitem delitem reversed add sub mul"
    " truediv floordiv mod divmod pow matmul and or xor lshift rshift radd rsub rmul rtruediv rfloordiv"
    " rmod rdivmod rpow rmatmul rand ror rxor rlshift rrshift iadd isub imul itruediv ifloordiv imod ipow"
    " imatmul iand ior ixor ilshift irshift neg pos abs invert int float complex index round trunc floor"
    " ceil str repr format bytes enter exit length_hint aenter aexit aiter anext await"
).split()


class TestFailed(Exception):
    """A function of the tests raised an exception that is not builtin."""


class Function:
    """A function of the tests."""

    def __init__(self, program, number, name):
        self.__name__ = self.__qualname__ = name
        self._call = program, number

    def __call__(self, *args, **kwargs):
        program, number = self._call
        return program.call_tests("function", number, args, kwargs)


class Iterator:
    """An iterator of the tests."""

    def __init__(self, program, number, name):
        self._call = program, number

    def __iter__(self):
        return self

    def __next__(self):
        program, number = self._call
        ended, value = program.call_tests("next", number, (), {})
        if ended:
            raise StopIteration(value)
        return value


class Thing:
    """An object of a class of the tests."""

    def __init__(self, program, number, name):
        object.__setattr__(self, "_call", (program, number))

    def __getattr__(self, name):
        return _do(self, "attr", name)

    def __setattr__(self, name, value):
        _do(self, "set", name, value)

    def __delattr__(self, name):
        _do(self, "del", name)

    def __call__(self, *args, **kwargs):
        program, number = self._call
        return program.call_tests("function", number, args, kwargs)

    def __next__(self):
        return Iterator.__next__(self)


def _do(thing, kind, *args):
    program, number = object.__getattribute__(thing, "_call")
    return program.call_tests(kind, number, args, {})


def _operator_methods(name, function):
    def method(self, *args):
        return _do(self, "op", function, self, *args)

    def reflected(self, other):
        return _do(self, "op", function, other, self)

    setattr(Thing, f"__{name}__", method)
    if name in _REFLECTED:
        setattr(Thing, f"__r{name}__", reflected)


_REFLECTED = "add sub mul truediv floordiv mod pow and or xor".split()
for _name in [*_REFLECTED, *"eq ne lt le gt ge contains getitem setitem delitem neg".split()]:
    _operator_methods(_name, _name + "_" * (_name in ("and", "or")))
for _name in "len hash bool str repr iter int float abs".split():
    _operator_methods(_name, _name)
_THEIRS = {"function": Function, "iterator": Iterator, "thing": Thing}


class Reply(Packer):
    """Packs a reply."""

    def __init__(self, program):
        super().__init__()
        self.program = program

    def number(self, value):
        return self.program.number_of(value)

    def other(self, value, depth):
        program, kind = self.program, type(value)
        if kind in (Function, Iterator, Thing):
            return ["yours", object.__getattribute__(value, "_call")[1]]
        if value is ... or value is NotImplemented:
            return ["name", "builtins.Ellipsis" if value is ... else "builtins.NotImplemented"]
        if isinstance(value, type):
            return self.type_reference(value)
        if kind is type(len) and value.__name__ in _SHARED_NAMES:
            if vars(builtins).get(value.__name__) is value:
                return ["name", "builtins." + value.__name__]
            return ["object", [program.keep(value), program.keep(kind)]]
        kinds = mro(kind)
        if BaseException in kinds:
            return self.exception(value, depth)
        place = [program.keep(value), program.keep(kind)]
        if kind.__name__ in _AWAITABLE and kind.__module__ == "builtins":
            return ["coroutine", place]
        for base in _IMMUTABLE:
            if base in kinds:
                plain = base.__int__(value) if base is int else plain_copy(base, value)
                return ["value", [*place, self.pack(plain, depth + 1)]]
        return ["object", place]

    def type_reference(self, kind):
        path = type_path(kind)
        known = path.startswith("builtins.") and getattr(builtins, path[9:], None) is kind
        shared = BaseException in mro(kind) or path.rpartition(".")[0] in _SHARED_MODULES
        if known or (shared and is_standard(kind, path)):
            return ["name", path]
        return ["class", self.program.keep(kind)]

    def exception(self, error, depth):
        """Return an exception with its class, arguments, text and attributes."""
        try:
            text = str(error)[:2000]
        except BaseException:
            text = ""
        try:
            args = error.args
            if isinstance(error, OSError) and len(args) == 2 and error.filename is not None:
                args = (*args, error.filename)
            args = [self.pack(part, depth + 1) for part in args]
        except Exception:
            args = [text]
        kind, attributes = self.type_reference(type(error)), None
        if kind[0] == "name" and not kind[1].startswith("builtins."):
            attributes = self.pack(dict(error.__dict__), depth + 1)
        cause = error.__cause__
        cause = None if cause is None or depth > 3 else self.exception(cause, depth + 1)
        return ["error", [self.program.keep(error), kind, args, text, attributes, cause]]


def plain_copy(base, value):
    """Return the value that an instance of a subclass holds as its base, without its methods."""
    if base is str:
        return str.__str__(value)
    if base is float:
        return float.__float__(value)
    if base is complex:
        return complex.__pos__(value)
    return base(base.__iter__(value))


class Streams:
    """What the tests read and write in place of the standard streams, for the length of a request.

    Args:
        program: the program.
        prints: whether the tests have a place of their own for what is printed.
        functions: the numbers of the tests' functions for `input` and `print`, or None.
        text: what the tests have in place of the standard input, or None.
    """

    def __init__(self, program, prints, functions, text):
        memory = find_standard("io.StringIO")
        self.usual = sys.stdout, sys.stdin, builtins.input, builtins.print
        self.printed = memory() if prints else None
        self.text = None if text is None else memory(text)
        if prints:
            sys.stdout = self.printed
        if text is not None:
            sys.stdin = self.text
        for name, number in zip(("input", "print"), functions):  # noqa: B905
            if number is not None:
                setattr(builtins, name, program.reference("function", [number, name]))

    def used(self):
        """Return what was printed, and how many characters were read."""
        printed = "" if self.printed is None else self.printed.getvalue()[:_MAX_TEXT]
        return [printed, 0 if self.text is None else self.text.tell()]

    def restore(self):
        sys.stdout, sys.stdin, builtins.input, builtins.print = self.usual


class Program(Unpacker):
    """The program's namespace, and the objects that the tests refer to by number."""

    def __init__(self, exchange):
        self.module = type(sys)(NAME)
        sys.modules[NAME] = self.module
        self.exchange = exchange  # sends a line to the tests and returns their next
        self.objects, self.numbers = [], {}
        self.shared, self.shared_numbers, self.last_shared = {}, {}, 0
        self.theirs = {}  # functions and iterators of the tests, by number
        self.loop = None  # for coroutines

    def keep(self, value):
        """Return the number of an object, which stays alive for the tests."""
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)
        return self.numbers[id(value)]

    def number_of(self, value):
        """Return the number of a container, and whether the tests have it."""
        number = self.shared_numbers.get(id(value))
        if number is not None:
            return number, True
        self.last_shared -= 1
        self.register(self.last_shared, value)
        return self.last_shared, False

    def register(self, number, value):
        self.shared[number] = [value, snapshot(value)]
        self.shared_numbers[id(value)] = number

    def reference(self, tag, content):
        if tag == "shared":
            return self.shared[content][0]
        if tag in ("object", "class"):
            return self.objects[content]
        if tag in _THEIRS:
            number, name = content
            if number not in self.theirs:
                self.theirs[number] = _THEIRS[tag](self, number, name)
            return self.theirs[number]
        if tag == "name":
            return find_standard(content)
        if tag == "error":
            path, args = content
            return find_standard(path)(*map(self.unpack, args))
        raise ValueError(tag)

    def reply(self, line):
        """Return the reply to one request, as JSON."""
        streams = None
        try:
            request = parse(line)
            if request[0] == "load":
                self.load(*request[1:])
                return '{"value":null}'
            verb, live, updates, streams, *parts = request
            streams = streams and Streams(self, *streams)
            self.synchronize(live, updates)
            parts = [self.unpack(part) for part in parts]
            value = VERBS[verb](self, *parts)
            return self.message("value", lambda reply: reply.pack(value), streams)
        except BaseException as error:  # also SystemExit: leaving is not an answer
            return self.failure(error, streams)
        finally:
            if isinstance(streams, Streams):
                streams.restore()

    def message(self, kind, make, streams=None):
        """Return a reply, with the changes of shared containers, and what was printed and read."""
        changed = self.changes()
        text = f'{{"{kind}":{as_json(make(Reply(self)))}'
        if changed:
            text += ',"changed":' + as_json(changed)
        if isinstance(streams, Streams):
            text += ',"streams":' + as_json(streams.used())
        return text + "}"

    def failure(self, error, streams):
        kind, text = str(type(error).__name__), ""

        def make(reply):
            return [kind, text, reply.exception(error, 0)]

        try:
            text = str(error)[:300]
            return self.message("error", make, streams)
        except BaseException:
            return '{"error":[' + quoted(kind) + "," + quoted(str(text)) + "]}"

    def synchronize(self, live, updates):
        """Forget containers that the tests dropped, and apply the tests' changes to the others."""
        if len(self.shared) > len(live):
            held = set(live)
            for number in [n for n in self.shared if n not in held]:
                del self.shared_numbers[id(self.shared.pop(number)[0])]
        for number, packed in updates:
            entry = self.shared[number]
            refill(entry[0], self.unpack(packed))
            entry[1] = snapshot(entry[0])

    def changes(self):
        changed = []
        for number, entry in list(self.shared.items()):
            if not unchanged(*entry):
                changed.append([number, Reply(self).content(entry[0], None, 0)])
                entry[1] = snapshot(entry[0])
        return changed

    def call_tests(self, kind, number, args, kwargs):
        """Call a function of the tests, and answer their requests until they return."""

        def make(reply):
            return [kind, number, reply.pack(list(args)), reply.pack(kwargs)]

        line = self.exchange(self.message("call", make))
        while True:
            verb, live, updates, _, *parts = parse(line)
            if verb not in ("return", "raise"):
                line = self.exchange(self.reply(line))
                continue
            self.synchronize(live, updates)
            value = self.unpack(parts[0])
            if verb == "return":
                return value
            raised = getattr(builtins, value[0], None)
            if isinstance(raised, type) and issubclass(raised, BaseException):
                raise raised(*value[1])
            raise TestFailed(f"{value[0]}: {value[1]}")

    def load(self, source):
        source = source.removeprefix("\ufeff")
        if "inspect" in source or "linecache" in source:
            lines = [line + "\n" for line in source.split("\n")]
            __import__("linecache").cache[FILE] = (len(source), None, lines, FILE)
        code = compile(source, FILE, "exec")
        gc.freeze()  # what is here already is not the program's to look through
        self.module.__dict__.update(__builtins__=builtins, __file__=FILE)
        exec(code, self.module.__dict__)

    # What requests ask for.

    def look_up(self, name):
        space = self.module.__dict__
        return (True, space[name]) if name in space else (False, None)

    def call(self, target, args, kwargs):
        return target(*args, **kwargs)

    def apply(self, name, *args):
        return OPERATIONS[name](*args)

    def special(self, target, name, *args):
        return getattr(type(target), name)(target, *args)

    def advance(self, iterator, count):
        """Return the next items of an iterator, whether it ended, and its error."""
        items = []
        for _ in range(min(count, _MAX_BATCH)):
            try:
                items.append(next(iterator))
            except StopIteration as stop:
                return tuple(items), True, stop.value
            except BaseException as error:
                if not items:
                    raise
                return tuple(items), False, error
        return tuple(items), False, None

    def equal(self, left, right):
        """Return left == right, or "anything" when the program's equality holds for any value."""
        result = left == right
        if result is True and left is not right and (own_equality(left) or own_equality(right)):
            for value in (object(), altered(right)):
                try:
                    if value is not None and left == value:
                        return "anything"
                except Exception:
                    continue
        return result

    def plain(self, value):
        """Return what an instance of a subclass is as a container or value of the standard library."""
        kinds = mro(type(value))
        for path, kind in ((type_path(kind), kind) for kind in kinds[1:]):
            if path in PARTS and is_standard(kind, path):
                return from_parts(path, PARTS[path](value))
        for base in (list, dict, set, bytearray, find_standard("_collections.deque")):
            if base in kinds:
                if base is dict:
                    return {key: dict.__getitem__(value, key) for key in dict.__iter__(value)}
                return base(base.__iter__(value))
        return None

    def describe(self, kind):
        """Return a type's description for the tests: name, bases, special methods, attributes."""
        kinds = mro(kind)
        base = next((b for b in _IMMUTABLE if b in kinds), None)
        methods, own = [], []
        for name in _SPECIAL:
            definer = next((k for k in kinds if f"__{name}__" in vars(k)), object)
            if definer in (object, BaseException) or (base and definer in mro(base)):
                continue
            methods.append(name if vars(definer)[f"__{name}__"] is not None else "-" + name)
        if base:
            for k in kinds[: kinds.index(base)]:
                own += [name for name in vars(k) if name[:2] != "__" and hasattr(base, name)]
        bases = tuple(k for k in kind.__bases__ if k is not object)
        standard = not kind.__flags__ & 1 << 9 or is_standard(kind, type_path(kind))
        facts = (str(kind.__name__), type_path(kind), standard, own_equality_of(kind))
        return (*facts, tuple(methods), tuple(own), base and base.__name__, bases)

    def run_coroutine(self, coroutine):
        if self.loop is None:
            self.loop = find_standard("asyncio.new_event_loop")()

        async def wait():
            return await coroutine

        return self.loop.run_until_complete(wait())

    def seed(self, args):
        find_standard("random.seed")(*args)


def own_equality(value):
    return own_equality_of(type(value))


def own_equality_of(kind):
    """Return whether a class of the program defines equality, rather than Python."""
    for base in mro(kind):
        if "__eq__" in vars(base):
            return bool(base.__flags__ & 1 << 9) and not is_standard(base, type_path(base))
    return False


def altered(value):
    """Return a copy whose attributes all have another value; None when it has none."""
    try:
        names = vars(value)
        copy = object.__new__(type(value))
        copy.__dict__.update(dict.fromkeys(names, object()))
    except Exception:
        return None
    return copy if names else None


OPERATIONS = {
    name: getattr(_operator, name)
    for name in dir(_operator)
    if name[0] != "_" and callable(getattr(_operator, name))
}
OPERATIONS |= {
    name: vars(builtins)[name]
    for name in "len hash bool str repr format int float complex round divmod pow iter reversed bytes"
    " next isinstance issubclass dir".split()
}
VERBS = {
    "name": Program.look_up,
    "call": Program.call,
    "attr": lambda program, target, name: getattr(target, name),
    "set": lambda program, target, name, value: setattr(target, name, value),
    "del": lambda program, target, name: delattr(target, name),
    "op": Program.apply,
    "special": Program.special,
    "next": Program.advance,
    "equal": Program.equal,
    "plain": Program.plain,
    "describe": Program.describe,
    "await": Program.run_coroutine,
    "seed": Program.seed,
}


class Syntax:
    """How the scanner of JSON reads."""

    strict, object_hook, object_pairs_hook, memo = False, None, None, {}
    parse_float, parse_int, parse_constant = float, int, float


scan = make_scanner(Syntax)


def parse(line):
    """Return the request in a line of JSON."""
    return scan(line if type(line) is str else line.decode(), 0)[0]


def as_json(packed):
    """Return packed data as JSON."""
    if packed is None or packed is True or packed is False:
        return {None: "null", True: "true", False: "false"}[packed]
    if type(packed) is str:
        return quoted(packed)
    if type(packed) is list:
        return "[" + ",".join(map(as_json, packed)) + "]"
    return int.__repr__(packed) if type(packed) is int else float.__repr__(packed)


def main():
    from _confine import channel, confine

    confine(*map(int, sys.argv[1:5]))
    requests, replies = channel()

    def exchange(reply):
        replies.write(reply.encode() + b"\n")
        return requests.readline() or exit_now()

    builtins.exit = builtins.quit = sys.exit
    program = Program(exchange)
    replies.write(b"ready\n")
    for line in requests:
        replies.write(program.reply(line).encode() + b"\n")


def exit_now():
    import os

    os._exit(0)


if __name__ == "__main__":
    main()
