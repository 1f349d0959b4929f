"""Split the layers of a model over several devices, by their memory, speed and links.

The plan is that of EdgeShard (arXiv 2405.14371): for one request at a time, the least time of a
token; for many at once, the least time of the slowest stage. Both are found by dynamic programming
over the layers placed so far, the devices used, and the last of them. Of equal devices the first
ones are used, so that many equal machines are few cases. A device gets one run of successive
layers. The first one has the prompt, and the last one returns the token to it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import CopeError
from .shard_network import Device, Link, Network, equal_before, read_network as read_network
from .weights.gguf import ModelShape

Goal = Literal["latency", "throughput"]


MOST_SETS = 128
"""The most sets of devices that are compared: those of eight different ones with the first."""

_NUMBER_BYTES = 4  # llama.cpp, and the paper's prototype, send numbers of 32 bits


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
    twins = equal_before(network)
    sets = _device_sets(twins)
    best: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]] = {}
    for count in range(1, min(model.layers, capacity(model, devices[0])) + 1):
        time = layer_ms(model, devices[0]) * count
        best[count, 1, 0] = time, (count,)
    orders: dict[tuple[int, int, int], tuple[int, ...]] = {key: (0,) for key in best}
    for used in sets:
        _extend(model, network, goal, used, twins, best, orders)
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
    twins: Sequence[int | None],
    best: dict[tuple[int, int, int], tuple[float, tuple[int, ...]]],
    orders: dict[tuple[int, int, int], tuple[int, ...]],
) -> None:
    """Add a device to all plans that use the devices of a bit set."""
    devices = network.devices
    for last, following in _pairs(len(devices), used):
        twin = twins[following]
        if twin is not None and not used >> twin & 1:
            continue
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


def _device_sets(twins: Sequence[int | None]) -> list[int]:
    """Return all sets with the first device, and of equal devices the first ones, as bit sets.

    Raises:
        CopeError: for more than `MOST_SETS`.
    """
    sets = [1]
    for index, twin in enumerate(twins[1:], 1):
        sets += [used | 1 << index for used in sets if twin is None or used >> twin & 1]
        if len(sets) > MOST_SETS:
            raise CopeError(
                f"{len(twins)} devices are too many for a plan: name 8, or more that are equal in "
                "memory, speed and links"
            )
    return sorted(sets)


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
