r"""Write the many characters for one thing in one way: minus signs, digits, fractions, powers.

Compatibility normalization alone would destroy values: NFKC turns "2½" into "21/2" and "10⁶" into
"106". So fractions get a space before them, and raised digits a caret, before the rest is mapped.
"""

import re
import unicodedata
from functools import lru_cache

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ"
_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"
_RAISED = re.compile(f"[{_SUPERSCRIPTS}]+")
_LOWERED = re.compile(f"[{_SUBSCRIPTS}]+")
_VULGAR = re.compile("(\\d?)[ \u2064]?([\u00bc-\u00be\u2150-\u215e\u2189])")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_ONE_FOR_MANY = {
    "-": "\u2010\u2011\u2012\u2013\u2212\ufe58\ufe63\uff0d\u02d7",
    "'": "\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4\uff07",
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02\u300c\u300d\u300e\u300f",
    "/": "\u2044\u2215",
    ":": "\u2236",
    ".": "\u3002\u066b",
    ",": "\u3001\u066c",
    "...": "\u2026",
}
_SPECIAL = {character: plain for plain, many in _ONE_FOR_MANY.items() for character in many}


def to_plain(text: str) -> str:
    r"""Return a text with one character for each thing: ASCII digits, hyphens, quotes and spaces.

    Letters keep their accents and their case. Raised and lowered characters become ``^{...}`` and
    ``_{...}``. A vulgar fraction becomes ``1/2``, with a space between it and a whole number.

    >>> to_plain("２½"), to_plain("2.5×10⁻³"), to_plain("−12"), to_plain("N₂O")
    ('2 1/2', '2.5×10^{-3}', '-12', 'N_{2}O')
    """
    if text.isascii():
        return text
    text = _SURROGATE.sub("\ufffd", text)
    text = INVISIBLE.sub("", text)
    text = _RAISED.sub(lambda run: "^{" + _compatible(run[0]) + "}", text)
    text = _LOWERED.sub(lambda run: "_{" + _compatible(run[0]) + "}", text)
    text = unicodedata.normalize("NFC", text)
    text = "".join(map(_plain_character, text))
    return _VULGAR.sub(_vulgar_fraction, text)


def _vulgar_fraction(found: re.Match[str]) -> str:
    fraction = unicodedata.normalize("NFKC", found[2]).replace("\u2044", "/")
    return f"{found[1]} {fraction}" if found[1] else fraction


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-")


@lru_cache(maxsize=8192)
def _plain_character(character: str) -> str:
    """Return the plain form of one character; a fraction stays, see `_vulgar_fraction`."""
    if character.isascii():
        return character
    if character in _SPECIAL:
        return _SPECIAL[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    decomposed = unicodedata.decomposition(character)
    if decomposed.startswith(("<wide>", "<narrow>")):
        return unicodedata.normalize("NFKC", character)
    return character
