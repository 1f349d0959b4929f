"""`cope models`: the models that run on this machine."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ..options import json_option
from ..output import notify, print_json, print_text, terminal_width

if TYPE_CHECKING:
    from ...models.engines.model_list import ModelList


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
    from ...models.engines.registry import ENGINES
    from ...models.weights.pairs import pairs

    lists: dict[str, ModelList] = {}
    for prefix in ENGINES:
        try:
            models = ENGINES[prefix].list_models()
        except CopeError as error:  # another package's engine must not hide the others
            click.echo(str(error), err=True)
            continue
        if models is not None:
            lists[prefix] = models
    known = pairs().values()
    if as_json:
        document: dict[str, Any] = {prefix: models.document for prefix, models in lists.items()}
        document["pairs"] = [asdict(pair) for pair in known]
        print_json(document)
        return
    models = [model for one in lists.values() for model in one.models]
    print_text(format_models(models, terminal_width(sys.stdout)))
    for note in filter(None, (one.note for one in lists.values())):
        notify(note)
    print_text("\npairs, for --pair NAME and cope models pull NAME:")
    for pair in known:
        names = f"{pair.small} and {pair.large}"
        print_text(f"  {pair.name}: {names}; {pair.memory_gb:g} GB; {pair.domains}; {pair.note}")


@command.command("pull", short_help="Download models; without a name the default pair.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def pull_models(names: tuple[str, ...]) -> None:
    """Download models: local/NAME (or NAME) for this process, ollama/NAME for an Ollama server.

    The name of a pair downloads both of its models. Without a NAME it is the default pair.
    """
    from ...models.weights.pairs import DEFAULT_PAIR, pairs

    for name in names or (DEFAULT_PAIR,):
        pair = pairs().get(name)
        for model in (pair.small, pair.large) if pair else (name,):
            click.echo(_pull(model))


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
        location = factory.download(rest, bar)
    return f"{_without_host(name)}: {location}"


def _without_host(name: str) -> str:
    return name.partition("@http")[0]
