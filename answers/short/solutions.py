r"""Read what equations say of their unknowns: ``x = 5``, ``x = 5 or x = 8``, ``x = 5, y = 8``."""

import re

from .quantity import Quantity, parse_quantity, strip_markup

_NAME = r"\\?[A-Za-z]+(?:_\{?\w+\}?)?'?(?:\([A-Za-z]\))?"
_ASSIGNED = re.compile(
    rf"(?P<name>{_NAME}|\(\s*[A-Za-z](?:\s*,\s*[A-Za-z])+\s*\)|[A-Za-z][A-Za-z ]*?)\s*"
    r"(?:=|\\in(?![A-Za-z]))\s*(?=\S)"
)
_RELATION = re.compile(r"=|\\(?:in|le|ge|ne|lt|gt|leq|geq|neq)(?![A-Za-z])|[<>]")
_JOINED = re.compile(
    r"\s*(?:[,;]\s*)?(?<![A-Za-z])(?:and|or)(?![A-Za-z])\s*|\s*[,;]\s*"
    r"(?![^(\[{]*[)\]}])|\\quad|\s*\\(?:lor|land|vee|wedge)(?![A-Za-z])\s*"
)
_INDEX = re.compile(r"_\{?\w+\}?")
_NAMED_FORM = re.compile(r"([A-Za-z]\w{0,3})=([^=]+?)(?:, (?=[A-Za-z]\w{0,3}=)|\Z)")


def solutions_form(s: str) -> str | None:
    """Return the values that equations give, or None when the text gives none.

    One name gives its value, and several equations of one name give a list. Different names are
    kept, in alphabetical order. Alternatives that are one number, such as "5/8 or 0.625", give it.

    >>> solutions_form("x = 5 or x = 8"), solutions_form("y = 8, x = 5")
    ('5, 8', 'x=5, y=8')
    """
    if "=" not in s and "\\in" not in s and " or " not in s:
        return None
    whole = _ASSIGNED.match(s)
    if whole is not None and len(_RELATION.findall(s)) == 1:
        return s[whole.end() :]
    parts = [part.strip() for part in _JOINED.split(s) if part.strip()]
    values = _named_values(parts)
    if values is None:
        return _one_number(s)
    names = list(dict.fromkeys(name for name, _ in values))
    if len(names) == 1:
        return ", ".join(value for _, value in values)
    if len(names) < len(values):
        return None
    return ", ".join(f"{name}={value}" for name, value in sorted(values))


def named_values(form: str) -> dict[str, str] | None:
    """Return the values by name in a form such as "x=5, y=8"; None for any other form."""
    if "=" not in form:
        return None
    values: dict[str, str] = {}
    end = 0
    for part in _NAMED_FORM.finditer(form):
        if part.start() != end:
            return None
        values[part[1]] = part[2]
        end = part.end()
    return values if end == len(form) and len(values) > 1 else None


def _named_values(parts: list[str]) -> list[tuple[str, str]] | None:
    """Return name and value of each part; None when some part is no equation of a name."""
    if len(parts) < 2:
        return None
    values: list[tuple[str, str]] = []
    for part in parts:
        assigned = _ASSIGNED.match(part)
        if assigned is None or len(_RELATION.findall(part)) != 1:
            if values and not _RELATION.search(part) and len({name for name, _ in values}) == 1:
                values.append((values[-1][0], part))  # x = 5 or 8
                continue
            return None
        name = _INDEX.sub("", assigned["name"]).strip().lstrip("\\")
        values.append((name, part[assigned.end() :].strip()))
    return values


def _one_number(s: str) -> str | None:
    """Return the first of several spellings of one number, such as "5/8 = 0.625"."""
    quantities: list[Quantity] = []
    for part in re.split(r"\s+or\s+|=", s):
        quantity = parse_quantity(strip_markup(part))
        if quantity is None:
            return None
        quantities.append(quantity)
    if len(quantities) > 1 and len({quantity.value for quantity in quantities}) == 1:
        return quantities[0].text
    return None
