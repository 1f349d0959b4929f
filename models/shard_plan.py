"""Split the layers of a model over several devices, by their memory, speed and links.

The plan is that of EdgeShard (arXiv 2405.14371): for one request at a time, the least time of a
token; for many at once, the least time of the slowest stage. Both are found by dynamic programming
over the layers placed so far, the devices used, and the last of them. A device gets one run of
successive layers. The first one has the prompt, and the last one returns the token to it.
"""

import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import CopeError
from .weights.gguf import ModelShape

Goal = Literal["latency", "throughput"]

MOST_DEVICES = 8
_NUMBER_BYTES = 2  # a layer hands on numbers of 16 bits


@dataclass(frozen=True)
class Device:
    """A machine that can hold layers.

    Attributes:
        name: its name.
        memory_gb: memory for weights, in units of 1e9 bytes.
        tokens_per_second: what it would write with the whole model and one request.
    """

    name: str
    memory_gb: float
    tokens_per_second: float


@dataclass(frozen=True)
class Link:
    """A connection between two devices.

    Attributes:
        ms: milliseconds until a message of no length arrives.
        mbit: megabits a second.
    """

    ms: float
    mbit: float


@dataclass(frozen=True)
class Network:
    """The devices, the first of which has the prompts, and their links.

    Attributes:
        devices: the devices.
        link: the link of two devices that `links` lacks.
        links: links by the names of two devices, in alphabetical order.
    """

    devices: tuple[Device, ...]
    link: Link
    links: dict[tuple[str, str], Link]

    def between(self, one: Device, other: Device) -> Link:
        """Return the link of two devices."""
        first, second = sorted((one.name, other.name))
        return self.links.get((first, second), self.link)


@dataclass(frozen=True)
class Shard:
    """The layers of one device, from 1; `last` is one of them."""

    device: str
    first: int
    last: int


@dataclass(frozen=True)
class ShardPlan:
    """Where the layers go.

    Attributes:
        shards: in the order in which a token passes them.
        token_ms: milliseconds for a token of one request.
        stage_ms: milliseconds of the slowest device or link, so that with many requests there is
            a token for each of these.
    """

    shards: tuple[Shard, ...]
    token_ms: float
    stage_ms: float


def plan_shards(model: ModelShape, network: Network, goal: Goal) -> ShardPlan:
    """Return the best plan.

    Raises:
        CopeError: when the devices together cannot hold the model, or are too many.
    """
    devices = network.devices
    if len(devices) > MOST_DEVICES:
        raise CopeError(f"{len(devices)} devices are too many for a plan: name {MOST_DEVICES}")
    best: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {}
    for count in range(1, min(model.layers, capacity(model, devices[0])) + 1):
        time = layer_ms(model, devices[0]) * count
        best[count, 1, 0] = time, (count,)
    orders: dict[tuple[int, int, int], tuple[int, ...]] = {key: (0,) for key in best}
    for used in range(1, 1 << len(devices), 2):  # each of these holds the first device
        _extend(model, network, goal, used, best, orders)
    plans = []
    for (placed, used, last), (time, counts) in best.items():
        if placed == model.layers:
            time = _join(
                goal, time, 0.0 if last == 0 else network.between(devices[last], devices[0]).ms
            )
            plans.append((time, counts, orders[placed, used, last]))
    if not plans:
        raise CopeError(
            f"the devices together hold fewer than the model's {model.layers} layers "
            f"({model.size / 1e9:.1f} GB): add memory or devices"
        )
    _, counts, order = min(plans)
    return describe(model, network, order, counts)


def _extend(
    model: ModelShape,
    network: Network,
    goal: Goal,
    used: int,
    best: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]],
    orders: dict[tuple[int, int, int], tuple[int, ...]],
) -> None:
    """Add a device to all plans that use the devices of a bit set."""
    devices = network.devices
    for last, following in _pairs(len(devices), used):
        device = devices[following]
        sent = link_ms(model, network.between(devices[last], device))
        each, most = layer_ms(model, device), capacity(model, device)
        for placed in range(1, model.layers):
            before = best.get((placed, used, last))
            if before is None:
                continue
            for count in range(1, min(most, model.layers - placed) + 1):
                time = _join(goal, before[0], sent, each * count)
                key = placed + count, used | 1 << following, following
                if key not in best or time < best[key][0]:
                    best[key] = time, (*before[1], count)
                    orders[key] = (*orders[placed, used, last], following)


def _pairs(devices: int, used: int) -> Iterator[tuple[int, int]]:
    """Yield each used device with each one that is not used yet."""
    for last in range(devices):
        for following in range(devices):
            if used >> last & 1 and not used >> following & 1:
                yield last, following


def _join(goal: Goal, *times: float) -> float:
    """Return the time of parts that follow each other, or of the slowest of them."""
    return math.fsum(times) if goal == "latency" else max(times)


def capacity(model: ModelShape, device: Device) -> int:
    """Return how many layers a device can hold."""
    return int(device.memory_gb * 1e9 * model.layers // model.size)


def layer_ms(model: ModelShape, device: Device) -> float:
    """Return the milliseconds of one layer for one token."""
    return 1000.0 / (device.tokens_per_second * model.layers)


def link_ms(model: ModelShape, link: Link) -> float:
    """Return the milliseconds in which one layer's numbers for a token arrive."""
    return link.ms + model.width * _NUMBER_BYTES * 8 / (link.mbit * 1000)


def describe(
    model: ModelShape, network: Network, order: Sequence[int], counts: Sequence[int]
) -> ShardPlan:
    """Return the plan that gives these numbers of layers to these devices, with its times."""
    shards: list[Shard] = []
    times: list[float] = []
    placed = 0
    for place, (index, count) in enumerate(zip(order, counts, strict=True)):
        device = network.devices[index]
        if place:
            link = network.between(network.devices[order[place - 1]], device)
            times.append(link_ms(model, link))
        times.append(layer_ms(model, device) * count)
        shards.append(Shard(device.name, placed + 1, placed + count))
        placed += count
    if len(order) > 1:
        times.append(network.between(network.devices[order[-1]], network.devices[order[0]]).ms)
    return ShardPlan(tuple(shards), math.fsum(times), max(times))


def read_network(path: Path) -> Network:
    """Read devices and links from a TOML file.

    Raises:
        CopeError: for a file that cannot be read, or with a wrong value.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CopeError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise CopeError(f"{path} is no TOML: {error}") from None
    _check_keys(document, ("devices", "link", "links"), path)
    devices = []
    for row in _rows(document, "devices", path):
        _check_keys(row, ("name", "memory_gb", "tokens_per_second"), path)
        numbers = _numbers(row, ("memory_gb", "tokens_per_second"), path)
        devices.append(Device(str(row.get("name", "")), *numbers))
    names = [device.name for device in devices]
    if not devices or "" in names or len(set(names)) < len(names):
        raise CopeError(f"{path} needs [[devices]], each with a name of its own")
    links: dict[tuple[str, str], Link] = {}
    for row in _rows(document, "links", path):
        _check_keys(row, ("between", "ms", "mbit"), path)
        ends = row.get("between")
        if not isinstance(ends, list) or len(ends) != 2 or not set(ends) <= set(names):
            raise CopeError(f"{path}: a link is between two of the devices {', '.join(names)}")
        first, second = sorted(ends)
        links[first, second] = Link(*_numbers(row, ("ms", "mbit"), path))
    usual = document.get("link", {"ms": 0.5, "mbit": 1000})
    return Network(tuple(devices), Link(*_numbers(usual, ("ms", "mbit"), path)), links)


def _rows(document: dict[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    rows = document.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CopeError(f"{path}: write {name} as [[{name}]]")
    return rows


def _check_keys(row: dict[str, Any], known: Sequence[str], path: Path) -> None:
    for name in row:
        if name not in known:
            raise CopeError(f"{path}: {name!r} is none of {', '.join(known)}")


def _numbers(row: object, names: Sequence[str], path: Path) -> tuple[float, float]:
    """Return the two numbers of a table, which are above 0."""
    fields: dict[str, Any] = row if isinstance(row, dict) else {}
    first, second = (_number(fields.get(name), name, path) for name in names)
    return first, second


def _number(value: object, name: str, path: Path) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise CopeError(f"{path}: {name} is a number above 0, and here it is {value!r}")
