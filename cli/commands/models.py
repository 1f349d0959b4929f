"""`cope models`: the models that run on this machine."""

import json
from typing import Any

import click

from ...errors import CopeError
from ..options import json_option


@click.group()
def command() -> None:
    """List the models of this machine, and bring them here."""


@command.command("list", short_help="List what is here and what can be brought.")
@json_option
def list_models(as_json: bool) -> None:
    """List the weights that local/NAME knows, and the models that an Ollama server has."""
    from ..ollama_models import server_host

    weights, host = _weights(), server_host()
    models = _ollama_models(host)
    if as_json:
        click.echo(
            json.dumps({"local": weights, "ollama": {"host": host, "models": models}}, indent=1)
        )
        return
    _print_tables(weights, host, models)


@command.command("pull", short_help="Bring models; without a name the default pair.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def pull_models(names: tuple[str, ...]) -> None:
    """Bring models here: local/NAME (or NAME) for this process, ollama/NAME for an Ollama server.

    Without a NAME the default pair is brought.
    """
    from ...models.weights.resolve import aliases

    for name in names or (aliases()["small"], aliases()["large"]):
        click.echo(_pull(name))


def _pull(name: str) -> str:
    """Bring one model; returns the line that says where it is."""
    kind, slash, rest = name.partition("/")
    if slash and kind == "ollama":
        return _pull_ollama(rest)
    if slash and kind != "local" and not name.endswith(".gguf"):
        raise CopeError(
            f"{name} does not run on this machine: pull takes local/NAME and ollama/NAME"
        )
    from ..loading import bring_weights

    wanted = rest if slash and kind == "local" else name
    return f"{name}: {bring_weights([wanted])[0]}"


def _pull_ollama(text: str) -> str:
    from ...models.hosts import split_host
    from ...models.weights.progress import DownloadBar
    from ..ollama_models import pull, server_host

    name, given = split_host(text)
    if not name:
        raise CopeError("ollama/ needs a model's name, as in ollama/qwen2.5:3b")
    host = server_host(given)
    with DownloadBar(name) as bar:
        pull(name, host, bar)
    return f"ollama/{name}: on the server at {host}"


def _weights() -> list[dict[str, Any]]:
    from ...models.weights.resolve import aliases, registry
    from ..doctor.machine import weights_place

    short = {name: alias for alias, name in aliases().items()}
    rows = []
    for entry in registry().values():
        place, size = weights_place(entry.file)
        rows.append(
            {
                "name": f"local/{entry.name}",
                "alias": f"local/{short[entry.name]}" if entry.name in short else None,
                "size": entry.size,
                "licence": entry.licence,
                "file": str(place) if size == entry.size else None,
            }
        )
    return rows


def _ollama_models(host: str) -> list[dict[str, Any]] | None:
    """Names and sizes; None where no server answers."""
    import httpx

    from ..ollama_models import served

    try:
        models = served(host)[1]
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
