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

import gc
import sys

from _callbacks import CALLBACKS, TestFailed
from _objects import VERBS
from _reply import Reply, as_json, parse, quoted
from _wire import Unpacker, find_standard, refill, snapshot, unchanged

NAME = "solution"  # of the program's module
FILE = "<program>"
_MAX_TEXT = 100_000  # characters of what is printed


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
        self.callbacks = {}  # functions and iterators of the tests, by number
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
        if tag in CALLBACKS:
            number, name = content
            if number not in self.callbacks:
                self.callbacks[number] = CALLBACKS[tag](self, number, name)
            return self.callbacks[number]
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
