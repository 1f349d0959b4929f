"""What a reply says to its reader, while the reply is being written."""

import re

from .cleaning import whole_visible_text

_MARKUP = re.compile(r"[<\[\u25c1`{\r]|^A", re.M)
_LONGEST_TOKEN = 250
_OPEN_TOKEN = re.compile(r"<(?:[^\s<>][^<>\n]*)?\Z|\[[/A-Za-z_]*\Z|\u25c1[/A-Za-z]*\Z|`{1,3}\w*\Z")
_CALL = re.compile(r"\s*(?:`{0,3}\w*\s*)?\[?\s*\{")
_CALL_CHARS = 1_000
"""After so many characters it is known whether a reply is the call of a tool."""
_ACTION = re.compile(r"^Action:|^(?:A|Ac|Act|Acti|Actio|Action)\Z", re.M)
_GROWTH = 1 / 200
_MORE = "\u2588"
"""Stands for the text that follows, because a thought is shown where nothing else is."""


class GrowingReply:
    """Takes the parts of a reply, and knows the beginning of what `whole_visible_text` returns.

    Only thoughts that were not opened are shown until they are closed.

    >>> reply = GrowingReply()
    >>> reply.add("<think>12? No.</thi"), reply.add("nk> The"), reply.add(" answer is 15.</")
    ('', 'The', 'The answer is 15.')
    """

    def __init__(self) -> None:
        self._text = ""
        self._shown = ""
        self._read = 0
        self._has_markup = False

    def add(self, part: str) -> str:
        """Take a part, and return the text that is known to be shown, without space at its end."""
        self._text += part
        if not part.isascii():
            self._has_markup = True  # there are invisible characters and marks among them
        if not self._has_markup:
            self._has_markup = _MARKUP.search(self._text, max(0, self._read - 8)) is not None
        grown = len(self._text) - self._read
        if not self._has_markup:
            self._shown, self._read = self._text.strip(), len(self._text)
        elif grown > _GROWTH * self._read:  # reading a long text at each token takes long
            self._shown, self._read = _certain_part(self._text), len(self._text)
        return self._shown


def _certain_part(text: str) -> str:
    """Return what a text shows for certain, whatever follows it."""
    if len(text) < _CALL_CHARS and _CALL.match(text):
        return ""
    tail = max(0, len(text) - _LONGEST_TOKEN)
    token = _OPEN_TOKEN.search(text, tail)
    if token is not None:
        text = text[: token.start()]
    action = _ACTION.search(text)
    if action is not None and "inal Answer" not in text[: action.start()]:
        text = text[: action.start()]
    return whole_visible_text(text + _MORE).removesuffix(_MORE).rstrip()
