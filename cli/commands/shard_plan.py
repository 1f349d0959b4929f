"""`cope shard-plan`: which layers of a model go to which machine."""

from dataclasses import asdict
from pathlib import Path

import click

from ..option_types import PATH, option
from ..options import json_option
from ..output import print_json


@click.command()
@click.argument("model")
@option("--devices", type=PATH, required=True, metavar="FILE", help="Devices and links, as TOML.")
@option(
    "--goal",
    type=click.Choice(("latency", "throughput")),
    default="latency",
    help="The least time of a token, or the most tokens with many requests.",
)
@json_option
def command(model: str, devices: Path, goal: str, as_json: bool) -> None:
    """Split the layers of MODEL (local/NAME or a GGUF file) over several machines."""
    from ...models.shard_command import plan_text, server_command
    from ...models.shard_plan import plan_shards, read_network
    from ...models.weights.gguf import read_shape
    from ...models.weights.resolve import resolve_weights
    from ..display.results import result_console

    network, path = read_network(devices), resolve_weights(model.removeprefix("local/"))
    plan = plan_shards(read_shape(path), network, "latency" if goal == "latency" else "throughput")
    server = server_command(str(path), plan, network)
    if as_json:
        print_json(asdict(plan) | {"command": server})
        return
    result_console().print(plan_text(plan, network, server), markup=False, soft_wrap=True)
