"""Find the parts of a reply that may be code, without the text that chat models put around it."""

import json
import re
from dataclasses import dataclass

from .chat_format import final_text

MAX_CHARS = 100_000
"""Characters of a reply that are read, after its thoughts."""

_FIELD = re.compile(r"^[ \t]*\[\[[ \t]*##[ \t]*(\w+)[ \t]*##[ \t]*\]\][ \t]*", re.M)
_TAG = (
    r"(?:</?(?:code|pre|program|python|think|answer|solution|final|response|output)"
    r"(?: [^>\n]{0,100})?>"
    r"|\[/?(?:PYTHON|CODE|INST|PROGRAM)\])"
)
_LEFTOVER = re.compile(rf"^[ \t]{{0,3}}{_TAG}|{_TAG}[ \t]*$", re.M | re.I)
_LABEL = re.compile(
    r"^[*#]{0,3} ?(?:the |my )?(?:program|code|python|solution|answer)[ *]{0,3}:[ *]{0,3}"
    r"(?=$|def |async def |class |import |from |@|```|~~~)",
    re.I | re.M,
)
_JSON_PROGRAM = re.compile(r'"(?:program|code)"\s*:\s*"((?:[^"\\]|\\.)*)', re.S)
_OPENING = re.compile(
    r"((?:[ \t]*(?:[-*+]|\d{1,3}[.)]))?[ \t]*)(`{3,}|~{3,})[ \t]*\{?\.?([\w+#-]*)(.*)"
)
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.|In \[\d+\]:|\.{3,}:)(?: |$)")
_FIRST_PROMPT = re.compile(r"[ \t]*(?:>>>|In \[\d+\]:) ")
_DEFINITION_LINE = re.compile(r"[ \t]*(?:async[ \t]+def|def|class)[ \t]+\w")
_INLINE = re.compile(
    r"`((?:(?:async )?def|class) \w[^`\n]*:[^`\n]*|(?:import|from) \w[^`\n]*"
    r"|\w+ = lambda\b[^`\n]*)`"
)
_UNSEEN = dict.fromkeys(map(ord, "\x00\ufeff\u200b\u200c\u200d\u2060\x0c"), None) | {0xA0: " "}
_OTHER_LANGUAGES = frozenset(
    "bash sh shell console zsh cmd powershell text txt plaintext output out json yaml toml ini xml"
    " html css csv diff markdown md latex java javascript js typescript ts c cpp c++ csharp c# cs"
    " go rust ruby sql r kotlin swift php".split()
)


@dataclass(frozen=True)
class Block:
    """Lines that may be code: the inside of a fence, or the whole reply when it has none."""

    lines: list[str]
    fenced: bool


def strip_wrappers(text: str) -> str:
    """Remove thoughts, special tokens, field marks, labels and tags; normalize line ends."""
    s = final_text(text, MAX_CHARS).encode("utf-8", "replace").decode("utf-8")
    s = s.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    s = _program_field(s)
    is_json = s.lstrip().startswith(("{", "<tool_call>", "<function_call>"))
    json_program = _JSON_PROGRAM.search(s) if is_json else None
    if json_program:
        s = _unescape_json(json_program[1])
    elif "\n" not in s.strip() and "\\n" in s and re.search(r"(?:def|class|import)\s.*\\n", s):
        s = _unescape_json(s.strip())
    return _LABEL.sub("", _LEFTOVER.sub("", s))


def _program_field(s: str) -> str:
    """Return the content of the last field for a program, or the whole text when it has none."""
    if "##" not in s:
        return s
    marks = [m for m in _FIELD.finditer(s) if m[1].lower() in ("program", "code", "answer")]
    if not marks:
        return s
    return _FIELD.split(s[marks[-1].end() :])[0]


def _unescape_json(inner: str) -> str:
    try:
        return json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return inner.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')


def code_blocks(text: str) -> list[Block]:
    """Return the fenced blocks that may be Python, or the whole reply when it has no fence."""
    found: list[Block] = []
    outside: list[str] = []
    inside: list[str] | None = None
    margin, fence, language = "", "", ""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        opening = _OPENING.match(line)
        first = not found and inside is None
        bare = opening is not None and not opening[3] and not opening[4].strip()
        if first and bare and _closes_only(lines, number, outside):
            _add_block(found, outside, "")
            outside = []
            continue
        if inside is None:
            if opening is None or (opening[4].strip(" `~}") and not opening[3]):
                outside.append(line)  # also a sentence with a fence's marks in it
                continue
            margin, fence, language, rest = opening.groups()
            inside = [rest.strip()] if re.match(r"\s+(?:def|class|import|from|@)", rest) else []
            if not (inside and inside[0].endswith(fence)):
                continue
            line, opening = inside.pop(), None
        # As in markdown, marks indented deeper than a fence may be belong to its content, a
        # docstring.
        if opening and (not opening[2].startswith(fence) or len(opening[1]) > len(margin) + 3):
            inside.append(line)
        elif opening:
            _add_block(found, inside, language)
            inside = (
                [] if opening[3] else None
            )  # a name of a language opens the next block: this one was not closed
            language = opening[3]
        elif line.rstrip().endswith(fence):
            _add_block(found, [*inside, line.rstrip()[: -len(fence)]], language)
            inside = None
        else:
            inside.append(line)
    if inside is not None:
        _add_block(found, inside, language)
    if any(line.strip() for block in found for line in block.lines):
        return found
    inline = _INLINE.findall("\n".join(outside))
    if inline and not any(_DEFINITION_LINE.match(line) for line in outside):
        return [Block([code.strip()], True) for code in inline]
    return [Block(strip_prompts(outside), False)]


def joined_fences(text: str) -> list[str]:
    """Return the lines between the first and the last fence, where docstrings may hold fences."""
    lines = text.split("\n")
    marked = [number for number, line in enumerate(lines) if _OPENING.match(line)]
    if len(marked) < 3:
        return []
    last = marked[-1]
    return lines[marked[0] + 1 : last]


def _closes_only(lines: list[str], number: int, outside: list[str]) -> bool:
    """Return whether a first fence ends the code before it, because nothing opened that code."""
    if not any(_DEFINITION_LINE.match(line) for line in outside):
        return False
    later = sum(1 for line in lines[number + 1 :] if _OPENING.match(line))
    return later % 2 == 0


def _add_block(found: list[Block], lines: list[str], language: str) -> None:
    if language.lower() not in _OTHER_LANGUAGES:
        found.append(Block(strip_prompts(lines), True))


def strip_prompts(lines: list[str]) -> list[str]:
    """Return the statements of an interpreter session; other lines are returned unchanged."""
    if not any(_FIRST_PROMPT.match(line) for line in lines):
        return lines
    if any(_DEFINITION_LINE.match(line) for line in lines):
        return lines  # the prompts are examples in a docstring
    statements: list[str] = []
    for line in lines:
        prompt = _PROMPT.match(line)
        if prompt:
            statements.append(line[prompt.end() :])
    return statements
