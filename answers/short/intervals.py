r"""Write inequalities of one variable as intervals: ``x < 1 or x > 6`` is a union of two."""

import re

_SIGNS = {
    "<=": "\\le",
    ">=": "\\ge",
    "\\leq": "\\le",
    "\\geq": "\\ge",
    "\\leqslant": "\\le",
    "\\geqslant": "\\ge",
    "\\lt": "<",
    "\\gt": ">",
}
_SIGN = r"(<=|>=|<|>|\\(?:leqslant|geqslant|leq|geq|le|ge|lt|gt)(?![A-Za-z]))"
_END = r"([^<>=,]{1,40}?)"
_ONE = re.compile(rf"\s*([A-Za-z])\s*{_SIGN}\s*{_END}\s*")
_TURNED = re.compile(rf"\s*{_END}\s*{_SIGN}\s*([A-Za-z])\s*")
_BETWEEN = re.compile(rf"\s*{_END}\s*{_SIGN}\s*([A-Za-z])\s*{_SIGN}\s*{_END}\s*")
_OR = re.compile(
    r"\s*(?:,\s*)?(?<![A-Za-z])or(?![A-Za-z])\s*|\s*\\(?:lor|vee|cup)(?![A-Za-z])\s*|\s*,\s*"
)
_TURN = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}


def interval_form(s: str) -> str | None:
    r"""Return the intervals of inequalities of one variable; None for anything else.

    >>> interval_form("x < 1 or x > 6")
    '(-\\infty,1)\\cup(6,\\infty)'
    """
    if not any(sign in s for sign in ("<", ">", "\\l", "\\g")):
        return None
    parts = _OR.split(s)
    variables: set[str] = set()
    intervals: list[str] = []
    for part in parts:
        found = _interval(part)
        if found is None:
            return None
        variables.add(found[0])
        intervals.append(found[1])
    if len(variables) != 1:
        return None
    return "\\cup".join(interval.replace(" ", "") for interval in sorted(intervals))


def _interval(part: str) -> tuple[str, str] | None:
    """Return the variable of one inequality, and its interval."""
    between = _BETWEEN.fullmatch(part)
    if between:
        low, left, name, right, high = between.groups()
        left, right = _SIGNS.get(left, left), _SIGNS.get(right, right)
        if left in (">", "\\ge"):
            low, high = high, low
            left, right = _TURN[right], _TURN[left]
        if left not in ("<", "\\le") or right not in ("<", "\\le"):
            return None
        opened = "[" if left == "\\le" else "("
        closed = "]" if right == "\\le" else ")"
        return name, f"{opened}{low},{high}{closed}"
    one = _ONE.fullmatch(part)
    if one:
        name, sign, end = one.groups()
        return name, _half_line(_SIGNS.get(sign, sign), end)
    turned = _TURNED.fullmatch(part)
    if turned:
        end, sign, name = turned.groups()
        return name, _half_line(_TURN[_SIGNS.get(sign, sign)], end)
    return None


def _half_line(sign: str, end: str) -> str:
    if sign == "<":
        return f"(-\\infty,{end})"
    if sign == "\\le":
        return f"(-\\infty,{end}]"
    if sign == ">":
        return f"({end},\\infty)"
    return f"[{end},\\infty)"
