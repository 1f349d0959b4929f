"""Find the words of an answer in a sentence around it."""

import re

from ..characters import to_plain
from .calendar_date import dates_in

_REASON = re.compile(
    r"[,;]\s(?:because|since|which|as|so|where|who|whose)\b.*|\s(?:because)\s(?:it"
    r"|the|he|she|they|this|that|of|its|in|there|we|all)\b.*",
    re.S,
)
_SENTENCE_END = re.compile(
    r"(?<=[a-z0-9)\]\"'\u00e0-\u024f][.!?])[\"')*]*\s+(?=[A-Z])|(?<=[\u3002\uff01\uff1f])"
)
_ABBREVIATION = re.compile(
    r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sgt|Capt|Lt|Col|Gen|Gov|Sen|Rep|Rev|Hon"
    r"|Jr|Sr|Inc|Ltd|Corp|Co|Bros|Mt|Ft|vs|etc|No|Vol|ca"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|e\.g|i\.e))\.\Z"
)
_IS = re.compile(
    r"(?:The|This|That|It|He|She|They|These|Those|His|Her|Its|Their|My|Our|So,?"
    r"|Thus,?|Therefore,?|Hence,?|In|On|We|I)\b"
    r"[^.!?]{0,160}?\s(?:is|was|are|were|is called|was called|is named|called|named)\s"
    r"(?:called\s|named\s|known as\s|thus\s|therefore\s|likely\s|probably\s|about\s"
    r"|on\s|at\s|in\s)?"
    r"(?P<what>(?:[^.!?]|(?<=\b[A-Z])\.|\.(?=[^\s.!?])){1,80}?)[.!]?",
    re.S,
)
_IT_IS = re.compile(
    r"(?:It|This|That|He|She|They)(?:'s|\sis|\swas|\sare|\swere)\s(?P<what>.{1,80}?)[.!]?", re.S
)
_CODE = re.compile(
    r"(?<![\w.:/-])(?:\d{4}-\d\d?-\d\d?|\d{1,2}:\d\d(?::\d\d)?"
    r"(?:\s?[AaPp]\.?[Mm]\b\.?)?|\d+(?:[-\u2013]\d+)+|\d+:\d+|\d+(?:\.\d+){2,}"
    r"|\d{1,4}/\d{1,2}/\d{1,4}|0[xb][0-9A-Fa-f]+|\S+@\S+\.\w+|https?://\S+)(?![\w/-])"
)
_EMPHASIS = re.compile(
    r"\*\*([^*\n]{1,120})\*\*|`([^`\n]{1,120})`|(?<!\w)\"([^\"\n]{1,120})\"(?!\w)"
)
_VERB = re.compile(
    r"\b(?:[Ii]t|[Tt]hat|[Tt]his|[Hh]e|[Ss]he)'s\b|\b(?:is|are|was|were|am|be|been"
    r"|has|have|had|does|do|did|can|could|will|would"
    r"|should|may|might|must|won|wins|win|lost|scored|"
    r"gives|takes|makes|happened|starts|started|ends|ended|called|leaves|left"
    r"|arrives|met|says|said|think|know|believe|need|hope|helps|means)\b"
)
_VERDICT = re.compile(
    r"\W{0,4}(yes|no|true|false|valid|invalid|correct|incorrect)\b(?:\*\*|\")?"
    r"(?:[,.;:!(\u2014-]|\s[(\u2013\u2014-]|\s(?=because\b|since\b))",
    re.I,
)
MAX_CHARS = 200
"""Characters. A longer line without a mark is a reply that was cut, and no answer."""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; initials and abbreviations end none.

    >>> sentences("E. coli. It lives."), sentences("Dr. No. A film.")
    (['E. coli.', 'It lives.'], ['Dr. No. A film.'])
    """
    found: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[max(start, end.start() - 8) : end.start()]):
            found.append(text[start : end.start()].strip())
            start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def without_reason(text: str) -> str:
    """Return a text without the reason behind it.

    >>> without_reason("Paris, because it is the capital")
    'Paris'
    """
    return _REASON.sub("", text) or text


def answer_in_sentence(sentence: str) -> str | None:
    """Return the answer that a sentence gives: an emphasis, a lone code, or what follows "is".

    >>> answer_in_sentence("They won 3-2."), answer_in_sentence("The capital is Paris.")
    ('3-2', 'Paris')
    """
    emphasized = [m[1] or m[2] or m[3] for m in _EMPHASIS.finditer(sentence)]
    if len(emphasized) == 1 and not emphasized[0].rstrip().endswith(":"):
        return emphasized[0]
    if len(sentence) > 600 or not _VERB.search(sentence):
        return None
    plain = to_plain(sentence)
    codes = list(dict.fromkeys([*(m[0] for m in _CODE.finditer(plain)), *dates_in(plain)]))
    if len(codes) == 1:
        return codes[0]
    if len(codes) > 1 or not sentence.rstrip().endswith((".", "!")):
        return None
    found = _IT_IS.fullmatch(sentence) or _IS.fullmatch(sentence)
    if found is None or len(found["what"].split()) > 6:
        return None
    return found["what"]


def verdict_of(text: str) -> str | None:
    """Return the "yes" or "no" that a text starts with, before an explanation.

    >>> verdict_of("No, the sentence is not plausible."), verdict_of("Yes, Minister")
    ('No', None)
    """
    found = _VERDICT.match(text)
    if found is None:
        return None
    rest = text[found.end() :].strip()
    return found[1] if not rest or rest[:1].islower() or is_sentence(rest) else None


def is_sentence(text: str) -> bool:
    """Return whether a text is a sentence, and not only a name or a phrase.

    >>> is_sentence("I am not sure."), is_sentence("The Eiffel Tower")
    (True, False)
    """
    words = text.split()
    return len(words) > 10 or (len(words) > 2 and _VERB.search(text) is not None)
