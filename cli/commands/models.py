"""`cope models`: the models that run on this machine."""

from typing import Any

import click

from ...errors import CopeError
from ..options import json_option
from ..output import print_json


@click.group()
def command() -> None:
    """List the models of this machine, and download them."""


@command.command(
    "list", short_help="List the models that are here, and those that can be downloaded."
)
@json_option
def list_models(as_json: bool) -> None:
    """List the weights that local/NAME knows, and the models that an Ollama server has."""
    from ...models.engines.ollama_server import server_host

    weights, host = _weights(), server_host()
    models = _ollama_models(host)
    if as_json:
        print_json({"local": weights, "ollama": {"host": host, "models": models}})
        return
    _print_tables(weights, host, models)


@command.command("pull", short_help="Download models; without a name the default pair.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def pull_models(names: tuple[str, ...]) -> None:
    """Download models: local/NAME (or NAME) for this process, ollama/NAME for an Ollama server.

    Without a NAME it downloads the default pair.
    """
    from ...models.weights.resolve import aliases

    for name in names or (aliases()["small"], aliases()["large"]):
        click.echo(_pull(name))


def _pull(name: str) -> str:
    """Download one model, and return a line with its path."""
    from ...models.engines.registry import ENGINES
    from ...models.weights.progress import DownloadBar

    prefix, slash, rest = name.partition("/")
    if prefix in ENGINES and slash:
        factory = ENGINES[prefix]
    elif not slash or name.endswith(".gguf"):  # weights without the prefix, by name or path
        factory, rest = ENGINES["local"], name
    else:
        factory = None
    if factory is None or not factory.can_download:
        known = " and ".join(f"{known}/NAME" for known in ENGINES if ENGINES[known].can_download)
        raise CopeError(f"{name} does not run on this machine: pull takes {known}")
    with DownloadBar(_without_host(rest)) as bar:
        place = factory.download(rest, bar)
    return f"{_without_host(name)}: {place}"


def _without_host(name: str) -> str:
    return name.partition("@http")[0]


def _weights() -> list[dict[str, Any]]:
    from ...models.weights.resolve import aliases, catalog
    from ..doctor.machine import find_weights_file

    short = {name: alias for alias, name in aliases().items()}
    rows = []
    for entry in catalog().values():
        place, size = find_weights_file(entry.file)
        rows.append(
            {
                "name": f"local/{entry.name}",
                "alias": f"local/{short[entry.name]}" if entry.name in short else None,
                "size": entry.size,
                "licence": entry.license,
                "file": str(place) if size == entry.size else None,
            }
        )
    return rows


def _ollama_models(host: str) -> list[dict[str, Any]] | None:
    """Return names and sizes; None where no server answers."""
    import httpx

    from ...models.engines.ollama_server import server_info

    try:
        models = server_info(host)[1]
    except (httpx.HTTPError, ValueError):
        return None
    return [{"name": f"ollama/{model['name']}", "size": model["size"]} for model in models]


def _print_tables(
    weights: list[dict[str, Any]], host: str, models: list[dict[str, Any]] | None
) -> None:
    from rich.filesize import decimal

    rows = [("NAME", "SHORT", "SIZE", "LICENCE", "HERE")]
    for entry in weights:
        here = entry["file"] or "no: cope models pull brings it"
        rows.append(
            (entry["name"], entry["alias"] or "", decimal(entry["size"]), entry["licence"], here)
        )
    rows += [(model["name"], "", decimal(model["size"]), "", host) for model in models or []]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, short, size, licence, here in rows:
        line = f"{name:<{widths[0]}}  {short:<{widths[1]}}  {size:>{widths[2]}}  {licence:<{widths[3]}}  {here}"
        click.echo(line)
    if models is None:
        click.echo(f"no Ollama server answers at {host}", err=True)
    elif not models:
        click.echo(
            f"the Ollama server at {host} has no models yet: cope models pull ollama/NAME", err=True
        )
