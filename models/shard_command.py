"""The commands of llama.cpp that run a plan of shards: a worker for each device, and one server."""

import shlex
from collections.abc import Sequence

from .shard_plan import Network, ShardPlan

WORKER = "ggml-rpc-server"
SERVER = "llama-server"
PORT = 50052
"""The port of a worker whose device names none; it is that of llama.cpp."""


def worker_address(network: Network, name: str) -> tuple[str, int]:
    """Return the host and the port of the worker of a device."""
    for device in network.devices:
        if device.name == name and device.address:
            host, _, port = device.address.rpartition(":")
            return host, int(port)
    return name, PORT


def worker_command(host: str, port: int) -> list[str]:
    """Return the command of a worker. Anybody who reaches its port may use it."""
    return [WORKER, "--host", host, "--port", str(port)]


def server_command(model: str, plan: ShardPlan, network: Network) -> list[str]:
    """Return the command of the OpenAI-compatible server in front of the workers.

    The first device is the machine of the server, which holds its layers in its own process.
    llama.cpp counts the output, which goes to the last device, as one more layer.

    Args:
        model: the file of the model.
        plan: which layers each device holds.
        network: the devices, with the addresses of their workers.
    """
    command = [SERVER, "--model", model]
    others = plan.shards[1:]
    if not others:
        return command
    addresses = [":".join(map(str, worker_address(network, one.device))) for one in others]
    counts = [one.last - one.first + 1 for one in others]
    counts[-1] += 1
    command += ["--rpc", ",".join(addresses), "--gpu-layers", str(sum(counts))]
    return [*command, "--tensor-split", ",".join(map(str, counts))]


def plan_text(plan: ShardPlan, network: Network, command: Sequence[str]) -> str:
    """Return a plan as lines: the layers and the worker of each device, times, and the server."""
    lines = []
    for place, shard in enumerate(plan.shards):
        line = f"{shard.device}: layers {shard.first} to {shard.last}"
        if place:
            line += f", {shlex.join(worker_command(*worker_address(network, shard.device)))}"
        lines.append(line)
    tokens = 1000 / plan.stage_ms
    lines.append(
        f"a token takes {plan.token_ms:.3g} ms; with many requests {tokens:.3g} tokens a second"
    )
    return "\n".join([*lines, shlex.join(command)])
