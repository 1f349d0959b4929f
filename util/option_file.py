"""The options of a command in a TOML file."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ..errors import CopeError, suggest_names


def defaults_of_file(path: Path, parameters: Iterable[click.Parameter]) -> dict[str, Any]:
    """Return the values of a file as defaults of a command's options, by the options' names.

    Args:
        path: a TOML file whose keys are options without their dashes.
        parameters: those of the command that the file may set.

    Raises:
        CopeError: for a file that cannot be read, and for the name of an unknown option.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CopeError(f"cannot read the options in {path}: {error}") from None
    known: dict[str, click.Option] = {}
    for other in parameters:
        if isinstance(other, click.Option):
            known.update({word.lstrip("-"): other for word in (*other.opts, *other.secondary_opts)})
    defaults: dict[str, Any] = {}
    for name, value in values.items():
        word = name.replace("_", "-")
        if word not in known or len(word) == 1:
            words = [one for one in known if len(one) > 1]
            raise CopeError(f"{path} has the option {name!r}: {suggest_names(word, words)}")
        found = known[word]
        defaults[str(found.name)] = _as_default(found, word, value, path)
    return defaults


def _as_default(found: click.Option, word: str, value: Any, path: Path) -> Any:
    """Return a value of a file as click's default, as text where the option reads text."""
    if found.is_flag:
        if not isinstance(value, bool):
            raise CopeError(f"{path}: {word} is true or false, not {value!r}")
        return value == (f"--{word}" in found.opts)
    if found.multiple:
        if isinstance(value, dict):  # such as [price] with small = "0.1/0.4"
            return [f"{name}={part}" for name, part in value.items()]
        return [str(part) for part in (value if isinstance(value, list) else [value])]
    if isinstance(value, list | dict | bool):
        raise CopeError(f"{path}: {word} is one value, not {value!r}")
    return str(value)
