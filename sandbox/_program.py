"""Run the program under test in the sandbox. It returns values, never verdicts.

One request a line, a Python literal, and one JSON reply each: `load` runs the source, `call`,
`iter`, `attr` and `set` look at what is there. The expected results never come here.
"""

# pyright: reportCallIssue=false, reportArgumentType=false, reportIndexIssue=false
# pyright: reportOptionalCall=false, reportOptionalSubscript=false
# Requests may be for any value, and importing typing to annotate that takes longer than this whole
# file.

import builtins
import sys

from _wire import pack, unpack

try:
    from _json import (
        encode_basestring_ascii as quoted,
    )  # importing json takes as long as all the rest
except ImportError:
    from json.encoder import encode_basestring_ascii as quoted


def as_json(packed):
    """Return packed data as JSON."""
    if packed is None or packed is True or packed is False:
        return {None: "null", True: "true", False: "false"}[packed]
    if type(packed) is str:
        return quoted(packed)
    if type(packed) is list:
        return "[" + ",".join(map(as_json, packed)) + "]"
    return int.__repr__(packed) if type(packed) is int else float.__repr__(packed)


class Program:
    """The program's namespace, and the objects it returned that are not plain data."""

    def __init__(self):
        self.module = type(sys)("program")
        sys.modules["program"] = self.module
        self.objects = []

    def handle(self, value):
        self.objects.append(value)
        return ["handle", [len(self.objects) - 1, type(value).__name__[:100]]]

    def reference(self, tag, content):
        if tag == "handle":
            return self.objects[content]
        if tag == "name":
            space = self.module.__dict__
            if content not in space and not hasattr(builtins, content):
                raise NameError(f"name {content!r} is not defined")
            return space[content] if content in space else getattr(builtins, content)
        raise ValueError(tag)

    def answer(self, request):
        verb, *given = request
        if verb == "load":
            exec(compile(given[0], "<program>", "exec"), self.module.__dict__)
            return None
        target, *rest = (unpack(part, self.reference) for part in given)
        if verb == "call":
            args, kwargs = rest
            return pack(target(*args, **kwargs), self.handle)
        if verb == "iter":
            return pack([item for item, _ in zip(target, range(100_000))], self.handle)  # noqa: B905
        if verb == "attr":
            return pack(getattr(target, *rest), self.handle)
        if verb == "item":
            return pack(target[rest[0]], self.handle)
        if verb == "len":
            return len(target)
        if verb == "set":
            return setattr(target, *rest)
        raise ValueError(verb)


def reply(program, line):
    """Return the reply to one request, as JSON."""
    try:
        return '{"value":' + as_json(program.answer(eval(line))) + "}"
    except BaseException as error:  # also SystemExit: leaving is not an answer
        kind, text = type(error).__name__, ""
        try:  # noqa: SIM105 (contextlib takes long to import)
            text = str(error)[:300]
        except BaseException:
            pass
        return '{"error":[' + quoted(kind) + "," + quoted(str(text)) + "]}"


def main():
    from _confine import channel, confine

    confine(*map(int, sys.argv[1:4]))
    requests, replies = channel()
    program = Program()
    replies.write(b"ready\n")
    for line in requests:
        replies.write(reply(program, line).encode() + b"\n")


if __name__ == "__main__":
    main()
