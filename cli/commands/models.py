"""`cope models`: the models that run on this machine."""

import sys
from dataclasses import asdict
from typing import Any

import click

from ..options import json_option
from ..output import notify, print_json, print_text, terminal_width


@click.group()
def command() -> None:
    """List the models of this machine, and download them."""


@command.command(
    "list", short_help="List the models that are here, and those that can be downloaded."
)
@json_option
def list_models(as_json: bool) -> None:
    """List the weights that local/NAME knows, and the models that an Ollama server has."""
    from ...models.engines.model_list import format_models
    from ...models.engines.registry import list_models_of_engines
    from ...models.weights.pairs import pairs

    lists = list_models_of_engines(notify)
    if as_json:
        document: dict[str, Any] = {prefix: models.document for prefix, models in lists.items()}
        document["pairs"] = [asdict(pair) for pair in pairs().values()]
        print_json(document)
        return
    models = [model for one in lists.values() for model in one.models]
    print_text(format_models(models, terminal_width(sys.stdout)))
    for note in filter(None, (one.note for one in lists.values())):
        notify(note)
    print_text("\npairs, for --pair NAME and cope models pull NAME:")
    for pair in pairs().values():
        print_text(f"  {pair.describe()}")


@command.command("pull", short_help="Download models; without a name the default pair.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def pull_models(names: tuple[str, ...]) -> None:
    """Download models: local/NAME (or NAME) for this process, ollama/NAME for an Ollama server.

    The name of a pair downloads both of its models. Without a NAME it is the default pair.
    """
    from ...models.engines.download import download_model, names_of_models, without_server

    for model in names_of_models(names):
        click.echo(f"{without_server(model)}: {download_model(model)}")
