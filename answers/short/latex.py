r"""Turn the LaTeX around a short answer into plain text: commands for text, spaces and signs."""

import re

_WRAPPER = re.compile(
    r"\\(?:text(?:bf|it|rm|tt|sf|sc|normal)?|math(?:rm|bf|it|sf|tt|normal)|mbox|hbox"
    r"|f?boxed|fbox|operatorname|emph|underline|bm|boldsymbol"
    r"|textcolor\s*\{[^{}]*\}|color\s*\{[^{}]*\}(?=\s*\{))\s*\{((?:[^{}]|\{(?:[^{}]"
    r"|\{[^{}]*\})*\})*)\}"
)
_COLOR = re.compile(
    r"\\color\s*\{[^{}]*\}|\\(?:displaystyle|textstyle|bf|rm|large|Large)(?![A-Za-z])"
)
_GROUPING = re.compile(r"(?<=\d)(?:,\s*\\!|\{,\}|,?\\[,;:! ]|\{\\,\})\s*(?=\d{2,3}(?!\d))")
_SPACING = re.compile(
    r"\\(?:[,;:!>/ ]|q?quad(?![A-Za-z]))|(?<!\\)~|\\(?:left|right|big|Big)(?![A-Za-z])\.?"
)
_DEGREES = re.compile(
    r"\s*(?:\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))|\\degrees?(?![A-Za-z])|\u00b0)\s*"
)
_SIGNS = {
    "\\times": "\u00d7",
    "\\cdot": "\u00b7",
    "\\div": "\u00f7",
    "\\approx": "\u2248",
    "\\pm": "\u00b1",
    "\\pi": "\u03c0",
    "\\infty": "\u221e",
    "\\sqrt": "\u221a",
    "\\to": "\u2192",
    "\\rightarrow": "\u2192",
    "\\ldots": "...",
    "\\dots": "...",
    "\\%": "%",
    "\\$": "$",
    "\\#": "#",
    "\\&": "&",
    "\\_": "_",
    "\\euro": "\u20ac",
    "\\pounds": "\u00a3",
    "\\mu": "\u03bc",
    "\\ell": "l",
    "\\(": " ",
    "\\)": " ",
    "\\[": " ",
    "\\]": " ",
}
_SIGN = re.compile(r"\\(?:[A-Za-z]+|[%$#&_()\[\]])")
_FRACTION = re.compile(
    r"\\[dtc]?frac\s*(?:\{\s*(-?[\d., ]{1,40}?)\s*\}|(\d))\s*(?:\{\s*(-?[\d., ]{1,40}?)\s*\}|(\d))"
)


def unwrapped(text: str) -> str:
    r"""Return a text with ``\text{...}``, ``\boxed{...}`` and colors replaced by what they hold.

    >>> unwrapped(r"\boxed{\textbf{(C)} 12}")
    '(C) 12'
    """
    if "\\" not in text:
        return text
    for _ in range(5):
        text, count = _WRAPPER.subn(r"\1", text)
        if not count:
            break
    return _COLOR.sub("", text)


def without_latex(text: str) -> str:
    r"""Return a text with plain characters for the LaTeX around a number or a name.

    >>> without_latex(r"14\,\text{cm}"), without_latex(r"2\frac14"), without_latex(r"4{,}215")
    ('14 cm', '2 1/4', '4215')
    """
    if "\\" not in text and "{," not in text:
        return text
    s = _GROUPING.sub("", unwrapped(text))
    s = _FRACTION.sub(_plain_fraction, s)
    s = _DEGREES.sub(" degrees ", _SPACING.sub(" ", s))
    return _SIGN.sub(lambda sign: _SIGNS.get(sign[0], sign[0]), s).strip()


def _plain_fraction(found: re.Match[str]) -> str:
    top, bottom = found[1] or found[2], found[3] or found[4]
    before = found.string[: found.start()][-1:]
    sign = ""
    if bottom.startswith("-"):
        sign, bottom = "-", bottom[1:]
    if top.startswith("-"):
        sign, top = "" if sign else "-", top[1:]
    return (" " if before.isdigit() else "") + f"{sign}{top}/{bottom}"
