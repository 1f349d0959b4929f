"""Find the answer field in a structured reply: field marks, tags or JSON."""

import re

_FIELD_MARK = re.compile(r"\[\[?\s*##\s*(\w+)\s*##\s*\]?\]?")
_TAG = re.compile(r"<((?:final_)?answer)>(.*?)(?:</\1>|\Z)", re.S | re.I)
_KEY = re.compile(r"""["'](?:final[_ ]?)?answer["']\s*:\s*""", re.I)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"?|' + r"'((?:[^'\\]|\\.)*)'?", re.S)
_VALUE = re.compile(r"\[([^\[\]]*)\]|[^,}\n]*")
_ESCAPED = re.compile(r'\\(?:\\|"|/|n(?![A-Za-z]))')


def answer_field(s: str) -> str | None:
    """Return the content of the last answer field in a structured reply; None when it has none."""
    if "##" in s and "[" in s:
        marks = list(_FIELD_MARK.finditer(s))
        if marks:
            return _marked_field(s, marks)
    if "<" in s:
        tags = _TAG.findall(s)
        if tags:
            return tags[-1][1]
    if ("answer" in s or "Answer" in s) and ":" in s:
        keys = list(_KEY.finditer(s))
        if keys:
            return _json_value(s, keys[-1].end())
    return None


def _marked_field(s: str, marks: list[re.Match[str]]) -> str:
    """Return the last answer field between field marks, or the whole text without the marks."""
    end = len(s)
    for mark in reversed(marks):
        if mark[1].lower() in ("answer", "final_answer"):
            return s[mark.end() : end]
        end = mark.start()
    return _FIELD_MARK.sub("\n", s)


def _json_value(s: str, start: int) -> str:
    """Return the JSON value at a position: a string without its escapes, or the raw text."""
    string = _STRING.match(s, start)
    if string:
        raw = string[1] if string[1] is not None else string[2]
        return _ESCAPED.sub(lambda e: "\n" if e[0] == "\\n" else e[0][1], raw)
    value = _VALUE.match(s, start)
    if value is None:
        return ""
    return value[0] if value[1] is None else value[1]
