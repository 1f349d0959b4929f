"""Divide a reply into its marked answers and its lines, from which a kind of answers reads one."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .cleaning import visible_text
from .fields import answer_field
from .marks import marked_answers, weakly_marked_answers
from .refusal import is_error, is_refusal

_MANGLED = str.maketrans({"\x08": "\\b", "\x0c": "\\f"})
_MANGLED_TAB = re.compile(r"\t(?=ext\{|imes(?![A-Za-z])|heta(?![A-Za-z])|frac)")
_DISPLAY = re.compile(r"\\\[((?:(?!\\\[).){0,1000}?)\\\]|\$\$(.{0,1000}?)\$\$", re.S)
_FENCE_LINE = re.compile(r"^[ \t]*```[^\n`]*$\n?", re.M)
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.S)
_NEXT_QUESTION = re.compile(
    r"\n\s*[*#]*(?:Human|User|Question|Problem|Q)\s*\d{0,3}[*]*\s*:|\n\s*Q\d+\s*[.:]"
)
_BLANKS = re.compile(r"[ \t]{2,}")
_BLANK_LINES = re.compile(r"\n[ \n]*\n")
_COURTESY = re.compile(
    r"(?<=\S)\s+I hope (?:it|this|that|the answer)"
    r"(?: is (?:correct|right|helpful)| helps(?: you)?)[.!]?\s*\Z",
    re.I,
)
_NOTHING = " \t*_-=`#|>."

_PLACEHOLDER = re.compile(
    r"[<\[{(]\s*(?:(?:your|final|the|short|my) )*(?:answer|number|value|letter"
    r"|x{3,})(?: here)?\s*[>\]})]"
    r"|(?:(?:your|final|the|short|my) )*answer(?: here)?|(?:n/a|null|nan"
    r"|undefined answer)|[\s.?_*-]*",
    re.I,
)

ReplyState = Literal["answer", "refused", "error", "empty"]


@dataclass(frozen=True)
class Reply:
    """A reply of a model, divided.

    Attributes:
        marked: the texts behind marks of an answer, the clearest first; a field is the only one.
        weak: the texts behind words such as "Result:".
        lines: the lines with content, without code blocks unless there is nothing else.
        state: what the reply is, where that is known without reading an answer.
    """

    marked: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    state: ReplyState = "answer"


@lru_cache(maxsize=256)  # an answer is read several times, and samples agree
def read_reply(text: str) -> Reply:
    """Divide a reply. It never raises, and its time grows linearly with the length.

    >>> read_reply("3 fives.\\nAnswer: 15").marked, read_reply("I cannot tell.").state
    (('15',), 'refused')
    """
    s = _mend_controls(visible_text(text))
    field = answer_field(s)
    if field is not None:
        s = _mend_controls(field).strip()
    s = _BLANK_LINES.sub("\n\n", _BLANKS.sub(" ", s))
    s = _COURTESY.sub("", _first_turn(s))
    if "\\[" in s or "$$" in s:
        s = _DISPLAY.sub(lambda m: "$" + " ".join((m[1] or m[2] or "").split()) + "$", s)
    contents = dict.fromkeys(marked_answers(s))
    marked = [content for content in contents if not is_placeholder(content)]
    lines = _lines(s)
    if not lines and not marked:
        return Reply(state="empty")
    if not marked and is_error(lines[0]):
        return Reply(state="error")
    if marked and is_refusal(marked[0]):
        return Reply(state="refused")
    if not marked and (is_refusal(lines[-1]) or is_refusal(lines[0])):
        return Reply(state="refused")
    weak = tuple(weakly_marked_answers(s)) if ":" in s or "\uff1a" in s else ()
    return Reply(tuple(marked), weak, tuple(lines))


def holds_marked_answer(text: str) -> bool:
    """Return whether a reply marks an answer, so that it counts also where the reply was cut.

    >>> holds_marked_answer("Answer: 15\\nBecause 3"), holds_marked_answer("She has 15")
    (True, False)
    """
    reply = read_reply(text)
    return bool(reply.marked or reply.weak)


def is_refusal_reply(text: str) -> bool:
    """Return whether a reply says that there is no answer, or that none will be given.

    >>> is_refusal_reply("I'm sorry, but I can't help with that.")
    True
    """
    return read_reply(text).state == "refused"


def is_placeholder(text: str) -> bool:
    """Return whether a text is the form's own words or nothing, such as "[your answer]" or "...".

    >>> is_placeholder("<answer>"), is_placeholder("15")
    (True, False)
    """
    return len(text) < 60 and _PLACEHOLDER.fullmatch(text.strip(" \t*_`\"'.,;:$")) is not None


def _mend_controls(s: str) -> str:
    r"""Restore the start of \boxed, \frac, \text in what was JSON with single backslashes."""
    if "\x08" in s or "\x0c" in s or "\t" in s:
        return _MANGLED_TAB.sub(r"\\t", s.translate(_MANGLED))
    return s


def _first_turn(s: str) -> str:
    """Return the text before a question that the model asks itself after its answer."""
    if ":" not in s and "." not in s:
        return s
    following = _NEXT_QUESTION.search(s)
    if following is None:
        return s
    before = s[: following.start()]
    if marked_answers(before):
        return before
    return s


def _lines(s: str) -> list[str]:
    if "```" in s:
        prose = "" if s.startswith("```") else _FENCED.sub("", s).strip()
        s = prose or _FENCE_LINE.sub("", s)
    lines = [line.strip() for line in s.splitlines() if line.strip(_NOTHING)]
    if not lines and s.strip(" \t\n*_`#"):
        lines = [" ".join(s.split())]  # an answer of signs alone, such as ") >"
    if len(lines) == 1 and is_placeholder(lines[0]):
        return []
    return lines
