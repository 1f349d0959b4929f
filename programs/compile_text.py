"""Format the metadata of a compile as labeled lines, for `show` and `diff`.

The metadata comes from a file, so that a value of another type than expected is printed as it is.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from ..util.text import format_usd, printable, value_text

_HIDDEN = ("rows",)  # fingerprints of single questions
_LABELS = {
    "for": "serves any question of its",
    "start": "began with",
    "only": "only compiled",
    "mlflow": "MLflow run",
}

Compiled = Mapping[str, Any]


def compiled_rows(compiled: Compiled) -> list[tuple[str, str]]:
    """Return a label and a text for each entry of a compile's metadata."""
    rows: list[tuple[str, str]] = []
    for name, value in compiled.items():
        if name not in _HIDDEN:
            rows += _entry_rows(name, value)
    return rows


def _entry_rows(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        match name:
            case "models":
                return [(f"{printable(tier)} model", value_text(m)) for tier, m in value.items()]
            case "splits":
                return [(f"{printable(split)} split", _split(v)) for split, v in value.items()]
            case "scores":
                return [(f"{printable(s)} accuracy", _score(score)) for s, score in value.items()]
            case "budget":
                return [("spent", ", ".join(_spent(*entry) for entry in value.items()))]
            case "versions":
                versions = [f"{value_text(k)} {value_text(v)}" for k, v in value.items()]
                return [("made with", ", ".join(versions))]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    return [(_LABELS.get(name) or printable(name), value_text(value))]


def _split(value: Any) -> str:
    if not isinstance(value, dict):
        return value_text(value)
    parts = []
    if "n" in value:
        parts.append(f"{value['n']} questions")
    if "fingerprint" in value:
        parts.append(f"fingerprint {printable(str(value['fingerprint']))}")
    return ", ".join(parts)


def _score(value: Any) -> str:
    if not isinstance(value, dict) or not _is_number(value.get("accuracy")):
        return value_text(value)
    low, high, n = value.get("low"), value.get("high"), value.get("n")
    details = []
    if _is_number(low) and _is_number(high):
        details.append(f"95% interval {low:.1%} to {high:.1%}")
    if n is not None:
        details.append(f"n = {n}")
    text = f"{value['accuracy']:.1%}"
    if details:
        text += f" ({', '.join(details)})"
    tokens = value.get("large_tokens")
    if _is_number(tokens):
        text += f", {tokens:,.0f} tokens a question written by the last tier"
    return text


def _spent(unit: str, amount: Any) -> str:
    name = printable(unit)
    if unit == "usd":
        return f"money {format_usd(amount) if _is_number(amount) else 'unknown'}"
    if amount is None:
        return f"{name} unknown"
    if not _is_number(amount):
        return f"{name} {value_text(amount)}"
    if unit != "seconds":
        return f"{amount:,} {name}"
    if amount < 60:
        return f"{amount:.0f} s"
    return f"{timedelta(seconds=round(amount))} h"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def compile_columns(
    names: tuple[str, str], compiled: tuple[Compiled | None, Compiled | None]
) -> Iterator[str]:
    """Yield the metadata of two compiles in two columns; nothing when they are equal.

    Args:
        names: of both programs.
        compiled: their metadata; None for a program that was never compiled.
    """
    if compiled[0] == compiled[1]:
        return
    columns = [dict(compiled_rows(one or {})) for one in compiled]
    headers = [
        name if one is not None else f"{name} (not compiled)"
        for name, one in zip(names, compiled, strict=True)
    ]
    rows = [("", *headers)]
    for label in dict.fromkeys([*columns[0], *columns[1]]):
        rows.append((label, columns[0].get(label, "-"), columns[1].get(label, "-")))
    label_width, width = (max(len(row[column]) for row in rows) for column in range(2))
    yield ""
    for label, first, second in rows:
        yield f"{label:<{label_width}}  {first:<{width}}  {second}".rstrip()
