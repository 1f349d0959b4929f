"""Print results on stdout and messages on stderr."""

import json
import os
from typing import Any

import click

from ..util.redact import redact, redact_data, redact_error


def print_json(document: Any) -> None:
    """Print a document on stdout as JSON."""
    click.echo(json.dumps(redact_data(document), ensure_ascii=False, indent=1))


def print_text(text: str) -> None:
    """Print a text on stdout, with its colors on a terminal unless NO_COLOR is set."""
    click.echo(redact(text), color=False if os.environ.get("NO_COLOR") else None)


def notify(message: str) -> None:
    """Print a message on stderr."""
    click.echo(redact_error(message), err=True)


def warn(message: str) -> None:
    """Print a warning on stderr."""
    click.echo(f"warning: {redact_error(message)}", err=True)


def silence(message: str) -> None:
    """Drop a message."""
