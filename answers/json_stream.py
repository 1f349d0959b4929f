"""Find the JSON value that a reply begins with, while the reply is being written."""

import re

_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'["\\]')
_OPENING, _CLOSING = "{[", "}]"
_IN_LISTS = '{["-0123456789]'


class JsonStart:
    """Takes the parts of a reply, and returns those that belong to its first JSON value.

    A reply that begins otherwise than with an object or a list has no such part: it must be read as
    a whole, see `json_in_reply`, which returns the same value for replies that begin with one.

    >>> start = JsonStart()
    >>> start.add(' {"a": "}'), start.add('"} and so on'), start.add("}")
    ('{"a": "}', '"}', '')
    """

    def __init__(self) -> None:
        self._held = ""  # what comes before the value is known to be one
        self._has_begun = self._has_ended = self._in_text = self._is_escaped = False
        self._depth = 0

    def add(self, part: str) -> str:
        """Take a part, and return what of it, and of those held before, belongs to the value."""
        if self._has_ended:
            return ""
        if not self._has_begun:
            part = self._held = (self._held + part).lstrip()
            if not self._begins(part):
                return ""
            self._held = ""
        end = self._end(part)
        return part if end is None else part[:end]

    def _begins(self, text: str) -> bool:
        """Return whether a text begins with an object or a list, as far as it can be known."""
        if text and text[0] not in _OPENING:
            self._has_ended = True
        elif text.startswith("["):  # which begins a note, too
            inside = text[1:].lstrip()
            self._has_ended = bool(inside) and inside[0] not in _IN_LISTS
            self._has_begun = bool(inside) and not self._has_ended
        else:
            self._has_begun = bool(text)
        return self._has_begun

    def _end(self, part: str) -> int | None:
        """Return where the value ends in a part; None when it does not."""
        place = 0
        if self._is_escaped:
            place, self._is_escaped = min(1, len(part)), not part
        while True:
            found = (_INSIDE if self._in_text else _OUTSIDE).search(part, place)
            if found is None:
                return None
            mark, place = found.group(), found.end()
            if mark == "\\":
                self._is_escaped = place == len(part)
                place += 1
            elif mark == '"':
                self._in_text = not self._in_text
            elif mark in _OPENING:
                self._depth += 1
            else:
                self._depth -= 1
                if not self._depth:
                    self._has_ended = True
                    return place
