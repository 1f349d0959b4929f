"""`cope keys`: API keys of the server and their limits."""

from pathlib import Path

import click

from ..option_types import option
from ..options import json_option
from ..output import notify, print_json

_usd = click.FloatRange(0, min_open=True)
_count = click.IntRange(1)

key_file_option = option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File with the keys and what they spent. [default: in the user's data folder]",
)


@click.group()
def command() -> None:
    """Make, list and remove API keys of `cope serve`."""


@command.command()
@click.argument("name")
@option("--day", type=_usd, metavar="USD", help="What it may spend in a day (UTC).")
@option("--total", type=_usd, metavar="USD", help="What it may spend in all.")
@option("--per-minute", type=_count, metavar="N", help="Requests in any 60 seconds.")
@option("--in-flight", type=_count, metavar="N", help="Requests at once.")
@key_file_option
def add(
    name: str,
    day: float | None,
    total: float | None,
    per_minute: int | None,
    in_flight: int | None,
    key_file: Path | None,
) -> None:
    """Make a key and print it. It is shown once and stored as a hash."""
    from ...serve.access import open_accounts
    from ...serve.accounts import Limits

    click.echo(open_accounts(key_file).add(name, Limits(day, total, per_minute, in_flight)))
    notify("this key is not shown again")


@command.command("list")
@key_file_option
@json_option
def list_keys(key_file: Path | None, as_json: bool) -> None:
    """List the keys, their limits and what they spent, without the secrets."""
    from ...serve.access import open_accounts
    from ...serve.accounts_text import accounts_document, accounts_text

    accounts = open_accounts(key_file)
    if as_json:
        print_json(accounts_document(accounts))
    else:
        click.echo(accounts_text(accounts))


@command.command()
@click.argument("name")
@key_file_option
def remove(name: str, key_file: Path | None) -> None:
    """Remove a key. Requests with it are refused from now on."""
    from ...serve.access import open_accounts

    open_accounts(key_file).remove(name)
