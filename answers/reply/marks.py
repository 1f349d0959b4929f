r"""Find marked answers in a reply: boxes, ``####``, lines "Answer: X", and "the answer is X"."""

import re

_BOX = re.compile(r"\\f?box(?:ed)?\s*(\{)|\\f?boxed\s*|(?<![A-Za-z\\])f?boxed(\{)")
_HASHES = re.compile(r"####[ \t]*(?=\S)")

_DRESS = r"[ \t>#*_`\-\u2022|]{0,12}"
_ENGLISH = r"(?:answer|ans\b\.?|final\s+result)"
_FOREIGN = (
    r"(?:antwort|l\u00f6sung|ergebnis|r\u00e9ponse|reponse|respuesta|risposta"
    r"|resposta|antwoord|svaret|svar"
    r"|\u043e\u0442\u0432\u0435\u0442|\u0432\u0456\u0434\u043f\u043e\u0432\u0456\u0434\u044c"
    r"|odpowied\u017a|odpov\u011b\u010f|vastaus|cevap|yan\u0131t|v\u00e1lasz|r\u0103spuns|jawaban"
    r"|\u0111\u00e1p\s(?:\u00e1n|s\u1ed1)|\u03b1\u03c0\u03ac\u03bd\u03c4\u03b7\u03c3\u03b7"
    r"|\u0909\u0924\u094d\u0924\u0930|\u0627\u0644\u062c\u0648\u0627\u0628"
    r"|\u0627\u0644\u0625\u062c\u0627\u0628\u0629|\u05ea\u05e9\u05d5\u05d1\u05d4)"
)
_ADJECTIVES = (
    r"(?:(?:my|final|correct|short|overall|right|best|numerical|exact"
    r"|endg\u00fcltige|richtige|finale|juiste|korrekte|r\u00e4tta)\s){0,3}"
)
_AFTER_NOUN = r"(?:\s(?:finale?|final|correcta|correcte|correta|corretta|choice|option|letter))?"
_ARTICLE = r"(?:(?:so|thus|hence|therefore),?\s)?(?:(?:the|la|le|die|el|a|het|das|de)\s)?"
_LABEL = re.compile(
    rf"(?:^|(?<=[.!?]) ){_DRESS}(?:\d{{1,2}}[.)]\s+)?{_DRESS}{_ARTICLE}{_ADJECTIVES}"
    rf"(?:{_ENGLISH}|(?:\w{{1,16}}\s){{0,2}}{_FOREIGN}){_AFTER_NOUN}(?:\s(?:is|ist"
    rf"|est|es))?"
    r"[ \t*_#`]*(?:[:=|]|\s[-\u2013\u2014]\s|[-=]>|[\u2192\u21d2\uff1a]|\n)[ \t*_`]*",
    re.I | re.M,
)
_WEAK_LABEL = re.compile(
    rf"^{_DRESS}{_ARTICLE}(?:(?:final|overall)\s+)?(?:result|solution|conclusion|total|output)"
    r"[ \t*_#`]*(?::|\uff1a)[ \t*_`]*(?=\S)",
    re.I | re.M,
)
_EAST_ASIAN = re.compile(
    r"(?:\u7b54\u6848|\u7b54\u3048|\u6b63\u89e3|\u56de\u7b54|\u6b63\u7b54"
    r"|\uc815\ub2f5|\ub2f5|\u7b54(?=\s*[:\uff1a]))"
    r"[ \t*_]*(?:\u662f|\u4e3a|\u70ba|\u61c9\u70ba|\u5e94\u4e3a|\u306f|\uc740"
    r"|\ub294)?[ \t*_]*[:\uff1a]?[ \t*_]*"
)
_VERB = (
    r"(?:\b(?:is|are|was|would be|should be|will be|must be|comes out as|comes to|equals)\b|[:=])"
)
_FOREIGN_VERB = r"(?:(?:ist|lautet|est|es|\u00e8|\u00e9|e|is|\u00e4r|er|on|to)(?!\w)|[:=])"
_THEN = r"[\s*_:]*(?:(?:therefore|thus|simply|that|now|indeed|clearly|then)\b[\s,]*)?"
_ANNOUNCED = re.compile(
    rf"\b{_ENGLISH}{_AFTER_NOUN}(?:\s(?:to|for|of)\s[^.\n:]{{1,80}}?)?[\s*_]{{0,5}}{_VERB}{_THEN}",
    re.I,
)
_ANNOUNCED_FOREIGN = re.compile(rf"\b{_FOREIGN}{_AFTER_NOUN}\s{_FOREIGN_VERB}[\s*_:]*", re.I)
_MOST_LABELS = 5
_FOREIGN_HINT = re.compile(r"antw|l\u00f6s|erg|ponse|ponde|spues|spost|svar|[^\x00-\x7f]", re.I)


def marked_answers(s: str) -> list[str]:
    """Return the texts after an answer's marks: the clearest kind first, the last one first."""
    lowered = s.lower()
    found = _boxes(s) if "box" in s else []
    if "####" in s:
        found += _after_last(_HASHES, s, 2)
    found += _after_last(_LABEL, s, 3)
    if not s.isascii():
        found += _after_last(_EAST_ASIAN, s, 2)
    found.sort(reverse=True)
    contents = [content for _, content in found if content]
    if "ans" in lowered or "final result" in lowered:
        contents += _announced(_ANNOUNCED, s)
    if _FOREIGN_HINT.search(s):
        contents += _announced(_ANNOUNCED_FOREIGN, s)
    return [_without_labels(content) for content in contents]


def _announced(pattern: re.Pattern[str], s: str) -> list[str]:
    found = []
    for _, content in reversed(_after_last(pattern, s, 3)):
        if content:
            found.append(content)
    return found


def weakly_marked_answers(s: str) -> list[str]:
    """Return the texts behind "Result:" and the like, which also head a worked solution."""
    return [content for _, content in reversed(_after_last(_WEAK_LABEL, s, 2))]


def _after_last(marker: re.Pattern[str], s: str, count: int) -> list[tuple[int, str]]:
    """Return the position of a marker's last matches, and the text after each, in order."""
    matches = list(marker.finditer(s))[-count:]
    return [(match.start(), text_after(s, match.end())) for match in matches]


def _without_labels(content: str) -> str:
    """Remove labels at a text's start, because small models write "the answer is: Answer: 3".

    >>> _without_labels("Answer: Final answer: 3"), _without_labels("Answer:")
    ('3', 'Answer:')
    """
    for _ in range(_MOST_LABELS):
        label = _LABEL.match(content)
        if label is None or not content[label.end() :].strip():
            break
        content = content[label.end() :]
    return content


def text_after(s: str, start: int) -> str:
    """Return the first line with content; a LaTeX environment or display counts as one line."""
    end = start
    while end < len(s):
        end = s.find("\n", start)
        end = len(s) if end < 0 else end
        line = s[start:end]
        if line.strip(" \t*_`$#:-|"):
            return _whole_environment(s, start, line)
        start = end + 1
    return ""


def _whole_environment(s: str, start: int, line: str) -> str:
    if "\\begin" in line and "\\end" not in line:
        return " ".join(s[start:].partition("\n\n")[0].split())
    return line


def _boxes(s: str) -> list[tuple[int, str]]:
    """Return start and content of the last boxes; an unclosed box holds the rest of its line."""
    boxes = []
    for match in list(_BOX.finditer(s))[-3:]:
        rest = s[match.end() : match.end() + 4000]
        if match[1] or match[2]:
            content = _braced(rest)
        elif rest.strip():
            content = rest.split(None, 1)[0]
        else:
            content = ""
        content = _without_labels(content.strip().strip("$")).strip()
        # The dollars say that this is mathematics, where a final "!" is a factorial.
        boxes.append((match.start(), f"${content}$" if content else ""))
    return boxes


def _braced(rest: str) -> str:
    """Return the text up to the brace that closes an open one, or else the rest of the line."""
    depth = 1
    for i, c in enumerate(rest):
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
        if depth == 0:
            return rest[:i]
    return rest.partition("\n")[0]
