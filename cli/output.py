"""Print results on stdout and messages on stderr."""

import json
import shutil
import sys
from typing import Any, TextIO

import click

from ..util.environment import read_variable
from ..util.redact import redact, redact_data, redact_error
from ..util.styles import StyleName
from ..util.text import wrap_sentence

_STYLES: dict[StyleName, dict[str, Any]] = {
    "name": {"bold": True},
    "aside": {"dim": True},
    "removed": {"fg": "red"},
    "added": {"fg": "green"},
    "place": {"fg": "cyan"},
}


def print_json(document: Any) -> None:
    """Print a document on stdout as JSON."""
    click.echo(json.dumps(redact_data(document), ensure_ascii=False, indent=1))


def print_text(text: str) -> None:
    """Print a text on stdout, with its colors on a terminal unless NO_COLOR is set."""
    color = False if read_variable("NO_COLOR") else None
    click.echo(_fitted(redact(text), sys.stdout), color=color)


def notify(message: str) -> None:
    """Print a message on stderr."""
    click.echo(_fitted(redact_error(message), sys.stderr), err=True)


def warn(message: str) -> None:
    """Print a warning on stderr."""
    notify(f"warning: {message}")


def terminal_width(stream: TextIO) -> int | None:
    """Return the characters of a line of a stream; None where it is no terminal."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _fitted(text: str, stream: TextIO) -> str:
    """Return a text that breaks between words on a terminal, which would break numbers."""
    width = terminal_width(stream)
    return text if width is None else wrap_sentence(text, width)


def silence(message: str) -> None:
    """Drop a message."""


def terminal_style(text: str, name: StyleName) -> str:
    """Return a text with codes of colors, which `print_text` removes without a terminal."""
    return click.style(text, **_STYLES[name])
