"""Read the one option that a text chooses, by its letter."""

import re
from functools import lru_cache

from ..characters import to_plain
from .latex import unwrapped

_LETTER = (
    r"(?:\(\s?([A-Za-z])\s?\)|\[\s?([A-Za-z])\s?\]|([A-Z])(?![\w+#'\u2019])|([a-z])"
    r"(?![\w+#'\u2019]))"
)
_BARE = re.compile(
    r"(?:(?:option|choice|letter|answer|alternative|opci\u00f3n|opcion|antwort"
    r"|lettre|letra|\u9009\u9879|\u9078\u9805|\u9009|\u9078)\s?[:#]?\s?)?"
    r"(?:(?:the|la|le|el|die|der|das)\s)?[(\[{<\"']?\s?"
    r"([A-Za-z])\s?[)\]}>\"']?[.:)]?[\"']?(?:\u3067\u3059|\uc785\ub2c8\ub2e4|\u3060"
    r"|\u9879|\u9805|\ubc88)?\.?",
    re.I,
)
_LEADING = re.compile(
    r"(?:(?:the\s)?(?:(?:correct|right|best)\s)?(?:option|choice|letter|answer"
    r"|alternative)\s?:?\s?)?"
    r"(?:\(\s?([A-Za-z])\s?\)(?![\w^*(+/]|\s?=)|\[\s?([A-Za-z])\s?\]"
    r"|([A-Z])(?=\Z|[).:](?:\s(?![A-Z]\.)|\Z)|\s?[,;]\s|\s[-\u2013\u2014(]\s?|\s"
    r"(?:because|since|as|is\s(?:the\s)?(?:correct|right|best|true|answer)|which|for"
    r"|with)\b|[.!?]\Z)"
    r"|([a-z])(?=\Z|[).:](?:\s|\Z)|\s(?:because|since)\b))",
)
_NAMED = re.compile(
    r"\b(?:option|choice|answer|letter|alternative|opci\u00f3n|antwort|r\u00e9ponse"
    r"|respuesta|risposta|resposta)(?:\s|(?=:))(?:is\s|ist\s|est\s|es\s|lautet\s"
    r"|\u00e8\s|\u00e9\s)?"
    r"(?:likely\s|probably\s|clearly\s|therefore\s|thus\s|simply\s)?(?:(?:option|choice|letter)\s)?"
    r"[:*\s]{0,3}(?:\(([A-Za-z])\)|\[([A-Za-z])\]|([A-Z])(?![\w+#'\u2019-]))",
    re.I,
)
_CHOSEN = re.compile(
    r"(?:\(([A-Za-z])\)|(?<![\w('\u2019-])([A-Z]))(?=\)?\s(?:is|would be|must be"
    r"|seems)\s(?:the\s)?(?:only\s|most\s|clearly\s|therefore\s)?(?:correct|right"
    r"|best|true|answer|appropriate|likely|valid)|\)?\s(?:fits|works|matches|holds)\b)"
)
_VERB_CHOICE = re.compile(
    r"\b(?:choose|choosing|chose|select|selecting|pick|picking|go with|going with|say|guess"
    r"|mark|elijo|w\u00e4hle|choisis)\s(?:(?:the\s)?(?:option|choice|letter"
    r"|answer)\s)?"
    r"(?:\(([A-Za-z])\)|([A-Z])(?![\w+#'\u2019-]))",
    re.I,
)
_ASIAN = re.compile(
    r"(?:\u9009\u9879?|\u9078\u64c7?|\u7b54\u6848)\s?(?:\u662f|\u4e3a|:)?\s?\(?([A-Z])(?![A-Za-z])"
)
_NOT = re.compile(
    r"(?:\bnot|n't|\bneither|\bnor|\bexcept|\brather than|\binstead of|\bnicht"
    r"|\bpas)\s(?:(?:an?|the|option|choice|answer)\s)*\(?\Z",
    re.I,
)
_NOT_BUT = re.compile(r"\bnot\s[^.]{1,60}?\bbut\s(?:rather\s)?", re.I)
_STARTS_NOT = re.compile(r"\A\W*(?:is\s)?(?:not|neither)\b", re.I)
_DESCRIBED = re.compile(
    r"\)?\s(?:(?:is|are|was|were|would\sbe|must\sbe|seems|looks)\s(?!(?:the\s)?"
    r"(?:\w+\s)?(?:correct|right|best|true|answer|appropriate|likely|valid)\b)"
    r"|(?:can|cannot|could|can't|does|doesn't|has|says|states|describes|fails|refers|means)\b"
    r"|(?:is|are|was)\s(?:not|never|hardly|in)\b)"
)
_SEVERAL = re.compile(
    r"\(?\b([A-Za-z])\)?(?:\s?[,/&]\s?|\s(?:and|or|nor|und|oder|et|ou|y|o|e)\s)(?:"
    r"(?:and|or)\s)?(?:(?:option|choice)\s)?"
    r"\(?([A-Za-z])(?![\w'\u2019])(?<!I(?=\s[a-z]))\)?",
    re.I,
)
_STARTS_SEVERAL = re.compile(
    r"(?:(?:the\s)?(?:options?|choices?|answers?|both|either|all|neither)\s(?:of\s)?){0,2}"
    + _SEVERAL.pattern,
    re.I,
)
_AT_END = re.compile(
    r"(?:\bit(?:'s|\sis)|\b(?:so|thus|therefore|hence|is|definitely|clearly"
    r"|certainly|probably))[:,]?\s(?:\(([A-Za-z])\)|([A-Z]))[.!]?\Z",
    re.I,
)
_MANY = re.compile(r"\b(?:both|either|all|options|choices)\s\(?[A-Z]\)?\s?(?:,|and|or|&)", re.I)

_BRACKETED = re.compile(r"[(\[]?\s?[A-Za-z]\s?[)\]]")
_LISTED = re.compile(r"\(?([A-Z])[.):]\)?\s+(\S.*)")


def listed_options(question: str) -> dict[str, str]:
    """Return the options that a question lists on lines of their own, by their letters from A.

    >>> listed_options("Which?" + chr(10) + "A. red" + chr(10) + "(B) green")
    {'A': 'red', 'B': 'green'}
    """
    options: dict[str, str] = {}
    for line in question.splitlines():
        found = _LISTED.fullmatch(line.strip())
        if found and found[1] == chr(ord("A") + len(options)):
            options[found[1]] = found[2]
    return options


def plain_choice(text: str) -> str:
    """Return a text in plain characters, without LaTeX and emphasis."""
    s = unwrapped(to_plain(text)).replace("$", "")
    if "\\" in s:
        s = s.replace("\\(", " ").replace("\\)", " ").replace("\\ ", " ").replace("\\,", " ")
    s = s.replace("**", "").replace("__", "").replace("`", "")
    return " ".join(s.split()).strip(" *_\"'|")


@lru_cache(maxsize=4096)
def bare_option(text: str) -> str | None:
    """Return the letter of a text that is nothing but an option; None for anything else.

    >>> bare_option("(c)"), bare_option("Option C."), bare_option("B+")
    ('C', 'C', None)
    """
    found = _BARE.fullmatch(plain_choice(text))
    return found[1].upper() if found else None


def names_several(text: str) -> bool:
    """Return whether a text names two options together, as in "A or C".

    >>> names_several("(A) and (C)"), names_several("C, since 14 is even")
    (True, False)
    """
    s = plain_choice(text)
    if _MANY.search(s):
        return True
    return any(_is_pair(pair) and len(s) - len(pair[0]) < 40 for pair in _SEVERAL.finditer(s))


def starts_with_several(text: str) -> bool:
    """Return whether a text starts with two options, as in "A, B" and "(A) and (C)"."""
    pair = _STARTS_SEVERAL.match(plain_choice(text))
    return pair is not None and _is_pair(pair)


def _is_pair(pair: re.Match[str]) -> bool:
    first, second = pair[1], pair[2]
    letters = (first.isupper() and second.isupper()) or "(" in pair[0]
    return letters and first.upper() != second.upper()


def leading_option(text: str) -> str | None:
    """Return the option at the start of a text, as in "C. 14 metres" or "C, because ..."."""
    found = _LEADING.match(plain_choice(text))
    return _letter(found) if found else None


def first_option(text: str) -> str | None:
    """Return the option that a text is or starts with; None where it names several.

    >>> first_option("C. 14 metres"), first_option("(A) or (C)")
    ('C', None)
    """
    letter = bare_option(text)
    if letter is not None:
        return letter
    if starts_with_several(text) or len(options_in_sentence(text)) > 1:
        return None
    return leading_option(text)


def is_option_with_words(text: str, option: str) -> bool:
    """Return whether a text is an option with its words behind it, and another is its letter.

    One of the two needs brackets, because a letter without them may be that of a name.

    >>> is_option_with_words("(A) 14 metres", "A"), is_option_with_words("I. Newton", "I")
    (True, False)
    """
    letter = bare_option(option)
    if letter is None or not (_BRACKETED.match(plain_choice(text)) or _BRACKETED.match(option)):
        return False
    return first_option(text) == letter


def without_denied(text: str) -> str:
    """Return a text without "not A but"."""
    return _NOT_BUT.sub("", plain_choice(text))


def starts_denied(text: str) -> bool:
    """Return whether a text starts with "not"."""
    return _STARTS_NOT.match(text) is not None


def options_in_sentence(text: str) -> list[str]:
    """Return the options that a sentence chooses, in order; denied ones are left out."""
    s = plain_choice(text)
    found: list[tuple[int, str]] = []
    for pattern in (_NAMED, _CHOSEN, _VERB_CHOICE, _AT_END, _ASIAN):
        for match in pattern.finditer(s):
            letter = _letter(match)
            start = match.start(match.lastindex or 0)
            if letter is None or _NOT.search(s[max(0, start - 40) : start]):
                continue
            if _DESCRIBED.match(s[match.end() : match.end() + 60]):
                continue
            found.append((start, letter))
    found.sort()
    return list(dict.fromkeys(letter for _, letter in found))


def _letter(found: re.Match[str]) -> str | None:
    for group in found.groups():
        if group:
            return group.upper()
    return None
