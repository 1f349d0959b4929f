"""Find the parts of a reply that may be code, without the text that chat models put around it."""

import json
import re
from dataclasses import dataclass

MAX_CHARS = 100_000
"""Characters at the start of a reply that are looked at."""

_END = re.compile(
    r"<\|(?:im_end|endoftext|end_of_text|eot_id|end|im_start|file_sep)\|>|</s>|<end_of_turn>"
)
_FIELD = re.compile(r"^[ \t]*\[\[[ \t]*##[ \t]*(\w+)[ \t]*##[ \t]*\]\][ \t]*", re.M)
_TAG = r"(?:</?(?:code|pre|program|python|think|answer)(?: [^>\n]{0,100})?>|\[/?(?:PYTHON|CODE|INST|PROGRAM)\])"
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
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: |$)")
_UNSEEN = dict.fromkeys(map(ord, "\x00\ufeff\u200b\u200c\u200d\u2060\x0c"), None) | {0xA0: " "}
_OTHER_LANGUAGES = frozenset(
    "bash sh shell console zsh cmd powershell text txt plaintext output out json yaml toml ini xml html css csv diff"
    " markdown md latex java javascript js typescript ts c cpp c++ csharp c# cs go rust ruby sql r kotlin swift php".split()
)


@dataclass(frozen=True)
class Block:
    """Lines that may be code: the inside of a fence, or the whole reply when it has none."""

    lines: list[str]
    fenced: bool


def strip_wrappers(text: str) -> str:
    """Remove thoughts, special tokens, field marks, labels and tags; normalize line ends."""
    s = text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8")
    s = s.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    if "</think>" in s:
        s = s.rpartition("</think>")[2] or s
    turns = [turn for turn in _END.split(s) if turn.strip()]
    s = turns[0] if turns else ""
    s = _program_field(s)
    json_program = _JSON_PROGRAM.search(s) if s.lstrip().startswith("{") else None
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
    for line in text.split("\n"):
        opening = _OPENING.match(line)
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
    return [Block(strip_prompts(outside), False)]


def _add_block(found: list[Block], lines: list[str], language: str) -> None:
    if language.lower() not in _OTHER_LANGUAGES:
        found.append(Block(strip_prompts(lines), True))


def strip_prompts(lines: list[str]) -> list[str]:
    """Return the statements of an interpreter session; other lines are returned unchanged."""
    if not any(line.lstrip().startswith(">>> ") for line in lines):
        return lines
    if any(re.match(r"[ \t]*(?:async def|def|class)\b", line) for line in lines):
        return lines  # the prompts are examples in a docstring
    statements: list[str] = []
    for line in lines:
        prompt = _PROMPT.match(line)
        if prompt:
            statements.append(line[prompt.end() :])
    return statements
