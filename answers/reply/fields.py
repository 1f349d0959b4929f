"""Find the answer field in a structured reply: field marks, tags or JSON."""

import json
import re
from typing import Any

_FIELD_MARK = re.compile(r"\[\[?\s*##\s*(\w+)\s*##\s*\]?\]?")
_LOOSE_MARK = re.compile(r"^\s*##\s*(answer|final_answer)\s*##\s*$", re.I | re.M)
_TAG = re.compile(r"<((?:final[_ ]?)?answer|ans)>(.*?)(?:</\1>|\Z)", re.S | re.I)
_KEY = re.compile(r"""["'](?:final[_ ]?|correct[_ ]?|short[_ ]?|my[_ ]?)?answer["']\s*:\s*""", re.I)
_OTHER_KEY = re.compile(
    r"""["'](?:result|solution|output|choice|value|response)["']\s*:\s*""", re.I
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?|' + r"'((?:[^'\\]|\\.)*)'?", re.S)
_BARE_VALUE = re.compile(r"\[([^\[\]]*)\]|[^,}\n]*")
_VALUES = ("answer", "final_answer", "value", "text", "result", "number", "content")
_DECODER = json.JSONDecoder(strict=False, parse_float=str, parse_int=str)

# LaTeX commands whose first letter JSON would take for an escape.
_N_COMMANDS = r"(?:eq?|eg|abla|u|ot(?:in)?|i|mid|exists|geq|leq)(?![A-Za-z])"
_T_COMMANDS = r"(?:ext|imes|heta|an|o|frac|op|riangle|ilde|au|binom)"
_ESCAPE = re.compile(
    rf'\\(?:["\\/]|u[0-9A-Fa-f]{{4}}|n(?!{_N_COMMANDS})|t(?!{_T_COMMANDS})|r(?![a-z]))|(\\)', re.S
)


def answer_field(s: str) -> str | None:
    """Return the content of the last answer field in a structured reply; None when it has none."""
    if "##" in s and "[" in s:
        marks = list(_FIELD_MARK.finditer(s))
        if marks:
            return _marked_field(s, marks)
    if "##" in s:
        loose = _LOOSE_MARK.search(s)
        if loose:
            return s[loose.end() :]
    if "<" in s:
        filled = [tag[1] for tag in _TAG.findall(s) if tag[1].strip()]
        if filled:
            return filled[-1]
    if ":" in s and ('"' in s or "'" in s):
        return _json_field(s)
    return None


def _marked_field(s: str, marks: list[re.Match[str]]) -> str:
    """Return the last answer field between field marks, or the whole text without the marks."""
    end = len(s)
    for mark in reversed(marks):
        if mark[1].lower() in ("answer", "final_answer"):
            return s[mark.end() : end]
        end = mark.start()
    return _FIELD_MARK.sub("\n", s)


def _json_field(s: str) -> str | None:
    """Return the value of the last answer key; another key counts only in a reply that is JSON."""
    keys = list(_KEY.finditer(s))
    if not keys and s.lstrip("`json \n").startswith("{"):
        keys = list(_OTHER_KEY.finditer(s))
    if not keys:
        return None
    return _json_value(s[keys[-1].end() :])


def _json_value(rest: str) -> str:
    """Return the JSON value that a text starts with, as text."""
    repaired = _ESCAPE.sub(lambda e: "\\\\" if e[1] else e[0], rest)
    try:
        value, _ = _DECODER.raw_decode(repaired)
        return _value_text(value, 0)
    except (ValueError, RecursionError):
        pass  # cut off, or in single quotes
    quoted = _QUOTED.match(rest)
    if quoted:
        raw = quoted[1] if quoted[1] is not None else quoted[2]
        return raw.replace("\\\\", "\\").replace('\\"', '"').replace("\\'", "'")
    bare = _BARE_VALUE.match(rest)
    if bare is None:
        return ""
    return bare[0] if bare[1] is None else bare[1]


def _value_text(value: Any, depth: int) -> str:
    """Return a JSON value as text: of a list its items, of an object the value it is about."""
    if value is None or depth > 5:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(_value_text(item, depth + 1) for item in value)
    if isinstance(value, dict):
        for name in _VALUES:
            if name in value:
                return _value_text(value[name], depth + 1)
        return _value_text(next(iter(value.values()), None), depth + 1)
    return str(value)
