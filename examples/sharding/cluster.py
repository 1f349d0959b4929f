"""The commands of a cluster: network namespaces, the workers in them, and the server."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cope.models.shard_command import (
    SERVER,
    plan_text,
    server_command,
    worker_address,
    worker_command,
)
from cope.models.shard_network import Network
from cope.models.shard_plan import plan_shards
from cope.models.weights.gguf import read_shape

BRIDGE = "cope-shards"
SETTINGS = ["--host", "127.0.0.1", "--ctx-size", "2048", "--parallel", "1", "--fit", "off"]


@dataclass(frozen=True)
class Step:
    """A command.

    Attributes:
        command: its words.
        undo: the command that takes it back at the end; empty without one.
    """

    command: list[str]
    undo: list[str]


def ip(words: str, undo: str = "") -> Step:
    """Return a step of the command `ip`."""
    return Step(["ip", *words.split()], ["ip", *undo.split()] if undo else [])


def network_steps(hosts: Sequence[str]) -> list[Step]:
    """Return the steps that make a bridge and, for each worker, a namespace with its address."""
    gateway = hosts[0].rpartition(".")[0] + ".1"
    steps = [
        ip(f"link add {BRIDGE} type bridge", f"link del {BRIDGE}"),
        ip(f"addr add {gateway}/24 dev {BRIDGE}"),
        ip(f"link set {BRIDGE} up"),
    ]
    for number, host in enumerate(hosts, 1):
        name = namespace(number)
        steps += [
            ip(f"netns add {name}", f"netns del {name}"),
            ip(f"link add {name} type veth peer name eth0 netns {name}"),
            ip(f"link set {name} master {BRIDGE} up"),
            ip(f"-n {name} addr add {host}/24 dev eth0"),
            ip(f"-n {name} link set eth0 up"),
        ]
    return steps


def namespace(number: int) -> str:
    """Return the name of the namespace of a worker, from 1."""
    return f"cope-shard-{number}"


def on_loopback(network: Network) -> Network:
    """Return the network with a port of this machine for each worker."""
    devices = []
    for number, device in enumerate(network.devices):
        devices.append(replace(device, address=f"127.0.0.1:{50052 + number}"))
    return replace(network, devices=tuple(devices))


class Cluster:
    """The commands of all machines, in order.

    Args:
        model: the file of the model.
        network: the devices.
        port: the port of the server.
        loopback: whether the workers are ports of this machine.
    """

    def __init__(self, model: Path, network: Network, port: int, loopback: bool) -> None:
        network = on_loopback(network) if loopback else network
        self.plan = plan_shards(read_shape(model), network, "latency")
        others = [shard.device for shard in self.plan.shards[1:]]
        self.addresses = [worker_address(network, name) for name in others]
        self.steps: list[Step] = []
        if others and not loopback:
            self.steps = network_steps([host for host, _ in self.addresses])
        self.workers: list[list[str]] = []
        for number, (host, where) in enumerate(self.addresses, 1):
            enter = [] if loopback else ["ip", "netns", "exec", namespace(number)]
            self.workers.append([*enter, *worker_command(host, where)])
        ending = ["--port", str(port), *SETTINGS]
        self.server = [*server_command(str(model), self.plan, network), *ending]
        self.alone = [SERVER, "--model", str(model), "--gpu-layers", "0", *ending]
        self.text = plan_text(self.plan, network, self.server)
        self.url = f"http://127.0.0.1:{port}"

    def print_commands(self) -> None:
        """Print what would be run, in order."""
        print(self.text, end="\n\n")
        undo = [step.undo for step in self.steps if step.undo]
        for command in [*(step.command for step in self.steps), *self.workers, self.server]:
            print(shlex.join(command))
        for command in reversed(undo):
            print(shlex.join(command), "  # at the end")
