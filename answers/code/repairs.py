"""Undo what chats, pages and printouts do to code, for replies in which no program can be read."""

import html
import re

_QUOTED = re.compile(r"^[ \t]*>[ \t]?(?!>)", re.M)
_NUMBER = re.compile(r"^[ \t]*\d{1,4}(?:[ \t]*[|:.)])?(?: |$)", re.M)
_TWO_NUMBERS = re.compile(r"^[ \t]*1\b.*\n[ \t]*2\b", re.M)
_STRAIGHT = {ord(mark): '"' for mark in "\u201c\u201d\u201e"}
_STRAIGHT |= {ord(mark): "'" for mark in "\u2018\u2019\u201a\u2032"}
_STRAIGHT |= {ord(mark): "-" for mark in "\u2212\u2010\u2011"}


def without_block_quotes(reply: str) -> str:
    """Remove the `>` of a quotation from the start of its lines."""
    return _QUOTED.sub("", reply)


def without_line_numbers(reply: str) -> str:
    """Remove the numbers of lines, where two lines in a row have them."""
    return _NUMBER.sub("", reply) if _TWO_NUMBERS.search(reply) else reply


def without_html_escapes(reply: str) -> str:
    """Replace `&lt;` and the like by their characters."""
    return html.unescape(reply)


def with_straight_quotes(reply: str) -> str:
    """Replace typographic quotes and hyphens by those of Python."""
    return reply.translate(_STRAIGHT)


REPAIRS = (without_block_quotes, without_html_escapes, with_straight_quotes, without_line_numbers)
