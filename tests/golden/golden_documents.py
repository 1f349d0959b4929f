"""Compare documents: their shape, and what does not differ between two runs of one command."""

import re
from typing import Any


def shape(value: Any) -> Any:
    """Say which keys and types a document has; whole numbers and fractions are alike."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__
    return "number"


PASSING = re.compile("seconds|^created$|^versions?$|^bytes$")


def steady(value: Any) -> Any:
    """Cover what differs between two runs of one command: what the clock says, and versions."""
    if isinstance(value, dict):
        covered = {name for name in value if PASSING.search(name)}
        if "created" in value:
            covered.add("digest")  # of all beside it
        return {name: "" if name in covered else steady(value[name]) for name in value}
    if isinstance(value, list):
        return [steady(inner) for inner in value]
    return round(value, 9) if isinstance(value, float) else value


def within(old: Any, new: Any) -> bool:
    """Tell whether a new value holds all of an old one: keys may be added, and none may be lost."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and within(inner, new[name]) for name, inner in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(within, old, new))
    return old == new
