r"""Write mathematics in Unicode as LaTeX: signs, roots, Greek letters, sets of numbers."""

import re
import unicodedata

from ..characters import to_plain

_SIGNS = {
    "\u00d7": r"\times ",
    "\u00b7": r"\cdot ",
    "\u22c5": r"\cdot ",
    "\u2217": r"\cdot ",
    "\u00f7": "/",
    "\u221e": r"\infty ",
    "\u00b0": r"^\circ ",
    "\u00b1": r"\pm ",
    "\u2213": r"\mp ",
    "\u2264": r"\le ",
    "\u2a7d": r"\le ",
    "\u2265": r"\ge ",
    "\u2a7e": r"\ge ",
    "\u2260": r"\ne ",
    "\u2248": r"\approx ",
    "\u222a": r"\cup ",
    "\u2229": r"\cap ",
    "\u2208": r"\in ",
    "\u2205": r"\emptyset ",
    "\u2300": r"\emptyset ",
    "\u2116": "No. ",
    "\u221a": r"\sqrt",
    "\u221b": r"\sqrt[3]",
    "\u221c": r"\sqrt[4]",
    "\u2211": r"\sum ",
    "\u222b": r"\int ",
    "\u2202": r"\partial ",
    "\u2192": r"\to ",
    "\u27e8": r"\langle ",
    "\u27e9": r"\rangle ",
    "\u2102": r"\mathbb{C}",
    "\u2115": r"\mathbb{N}",
    "\u211a": r"\mathbb{Q}",
    "\u211d": r"\mathbb{R}",
    "\u2124": r"\mathbb{Z}",
    "\u212f": "e",
    "\u2147": "e",
    "\u2148": "i",
}


def _with_greek(signs: dict[str, str]) -> dict[str, str]:
    """Return the table with the Greek letters that LaTeX has a command for."""
    table = dict(signs)
    for code in (*range(0x391, 0x3AA), *range(0x3B1, 0x3CA)):
        name = unicodedata.name(chr(code), "").rpartition(" ")[2].lower()
        name = {"lamda": "lambda"}.get(name, name)
        if name and name not in ("omicron", "sigma" if code == 0x3C2 else ""):
            table[chr(code)] = f"\\{name.capitalize() if code < 0x3B1 else name} "
    return table


_TABLE = str.maketrans(_with_greek(_SIGNS))
_DOTTED_DIGITS = re.compile("((?:\\d[\u0305\u0307])+)")
_ROOT_OF_DIGITS = re.compile(r"(?:\\|(?<![A-Za-z\\]))sqrt(\[\d\])?\s?(\d+(?:\.\d+)?)")
_ROOT_OF_LETTER = re.compile(r"(?:\\|(?<![A-Za-z\\]))sqrt(\[\d\])?\s?([A-Za-z])(?![A-Za-z])")
_CALL = re.compile(r"(\\sqrt(?:\[\d\])?|(?<![A-Za-z\\])sqrt|\\exp|(?<![A-Za-z\\])exp)\s?\(")
_BLACKBOARD = re.compile(r"\\(?:mathbf|mathrm|Bbb)\s?\{([CNQRZ])\}|\\([NQRZ])(?![A-Za-z])")
_EMPTY = re.compile(r"\\(?:varnothing|emptyset)(?![A-Za-z])|\\\{\s?\\\}|\A\s?\{\s?\}\s?\Z")


def to_latex(text: str) -> str:
    r"""Return a text with LaTeX for its mathematical characters; a root takes all digits after it.

    >>> to_latex("5√10"), to_latex("π/3"), to_latex("exp(9) - 2")
    ('5\\sqrt{10}', '\\pi /3', 'e^{9} - 2')
    """
    s = text
    if not s.isascii():
        s = _DOTTED_DIGITS.sub(_overlined, s)
        s = to_plain(s).translate(_TABLE)
    if "+/-" in s:
        s = s.replace("+/-", "\\pm ")
    if "sqrt" in s or "exp" in s:
        s = _CALL.sub(r"\1(", s)
        s = _with_braces(s)
        s = _ROOT_OF_DIGITS.sub(r"\\sqrt\1{\2}", s)
        s = _ROOT_OF_LETTER.sub(r"\\sqrt\1{\2}", s)
    if "\\" in s or "{" in s:
        s = _BLACKBOARD.sub(lambda m: f"\\mathbb{{{m[1] or m[2]}}}", s)
        s = _EMPTY.sub(r"\\emptyset ", s)
    return s


def _overlined(found: re.Match[str]) -> str:
    return "\\overline{" + re.sub(r"\D", "", found[0]) + "}"


def _with_braces(s: str) -> str:
    """Return a text with braces in place of the parentheses of roots and exponentials."""
    for _ in range(20):
        call = _CALL.search(s)
        if call is None:
            return s
        end = _closing(s, call.end())
        if end is None:
            return s
        name = call[1]
        if "exp" in name:
            name = "e^"
        elif not name.startswith("\\"):
            name = "\\" + name
        s = f"{s[: call.start()]}{name}{{{s[call.end() : end]}}}{s[end + 1 :]}"
    return s


def _closing(s: str, start: int) -> int | None:
    """Return the place of the parenthesis that closes one opened before `start`."""
    depth = 1
    for place in range(start, len(s)):
        if s[place] == "(":
            depth += 1
        elif s[place] == ")":
            depth -= 1
        if depth == 0:
            return place
    return None
