"""The plan of shards is the best of all plans, and what cannot be planned is one clear line."""

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support import commands
from support.gguf_files import gguf

from cope.errors import CopeError
from cope.models.shard_network import equal_before
from cope.models.shard_plan import (
    Device,
    Goal,
    Link,
    Network,
    capacity,
    describe,
    plan_shards,
    read_network,
)
from cope.models.weights.gguf import ModelShape, read_shape


def splits(layers: int, parts: int) -> Iterator[tuple[int, ...]]:
    for cuts in itertools.combinations(range(1, layers), parts - 1):
        bounds = (0, *cuts, layers)
        yield tuple(b - a for a, b in itertools.pairwise(bounds))


def least_time(model: ModelShape, network: Network, goal: Goal) -> float | None:
    """Return the least time over all orders of devices and all splits; None without any plan."""
    times = []
    others = range(1, len(network.devices))
    for used in range(len(network.devices)):
        for rest in itertools.permutations(others, used):
            order = (0, *rest)
            for counts in splits(model.layers, len(order)):
                rooms = [capacity(model, network.devices[index]) for index in order]
                if all(count <= room for count, room in zip(counts, rooms, strict=True)):
                    plan = describe(model, network, order, counts)
                    times.append(plan.token_ms if goal == "latency" else plan.stage_ms)
    return min(times, default=None)


def drawn_network(chance: random.Random) -> Network:
    devices = []
    for index in range(chance.randint(1, 4)):
        speed = chance.choice((1.0, 5.0, 20.0))
        devices.append(Device(f"d{index}", chance.uniform(0.2, 1.2), speed))
    if chance.random() < 0.4:  # the others are equal
        devices[1:] = [replace(devices[-1], name=device.name) for device in devices[1:]]
        return Network(tuple(devices), Link(chance.uniform(0.1, 50), chance.uniform(1, 1000)), {})
    links = {}
    for one, other in itertools.combinations(devices, 2):
        if chance.random() < 0.7:
            links[one.name, other.name] = Link(chance.uniform(0.1, 50), chance.uniform(1, 1000))
    return Network(tuple(devices), Link(1.0, 100.0), links)


@pytest.mark.parametrize("goal", ["latency", "throughput"])
def test_a_plan_is_the_best_of_all_plans(goal: Goal):
    planned = 0
    for seed in range(40):
        chance = random.Random(seed)
        model = ModelShape(layers=chance.randint(1, 7), width=2048, size=10**9)
        network = drawn_network(chance)
        least = least_time(model, network, goal)
        if least is None:
            with pytest.raises(CopeError, match="hold fewer than the model's"):
                plan_shards(model, network, goal)
            continue
        plan = plan_shards(model, network, goal)
        planned += 1
        time = plan.token_ms if goal == "latency" else plan.stage_ms
        assert time == pytest.approx(least)
        assert [shard.first for shard in plan.shards] == [
            1,
            *(shard.last + 1 for shard in plan.shards[:-1]),
        ]
        assert plan.shards[-1].last == model.layers
    assert planned > 10


DEVICES = """
link = {ms = 1, mbit = 100}

[[devices]]
name = "laptop"
memory_gb = 0.5
tokens_per_second = 5

[[devices]]
name = "desk"
memory_gb = 8
tokens_per_second = 40
address = "10.0.0.2:50052"

[[links]]
between = ["laptop", "desk"]
ms = 0.2
mbit = 1000
"""


def test_the_shape_of_a_model_is_read_from_its_file(tmp_path: Path):
    path = tmp_path / "toy.gguf"
    path.write_bytes(gguf())
    assert read_shape(path) == ModelShape(layers=4, width=64, size=1_000_000)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"other", gguf()[:90], gguf(layers=0)])
def test_a_file_that_is_no_model_is_one_line(content: bytes, tmp_path: Path):
    path = tmp_path / "toy.gguf"
    path.write_bytes(content)
    with pytest.raises(CopeError, match=r"toy\.gguf (is no GGUF|does not say)"):
        read_shape(path)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("memory_gb = 8", "memory_gb = 0"),
        ("memory_gb = 8", 'memory_gb = "8"'),
        ("tokens_per_second = 5", ""),
        ('name = "desk"', 'name = "laptop"'),
        ('["laptop", "desk"]', '["laptop", "phone"]'),
        ("mbit = 1000", "mbit = -1"),
        ("[[devices]]", "[devices]"),
        ("[[links]]", "links = 1"),
        ("10.0.0.2:50052", "10.0.0.2"),
        ("10.0.0.2:50052", "a b:1"),
        ("10.0.0.2:50052", "a,b:1"),
    ],
)
def test_a_wrong_file_of_devices_is_one_line(given: str, taken: str, tmp_path: Path):
    path = tmp_path / "devices.toml"
    path.write_text(DEVICES.replace(given, taken))
    with pytest.raises(CopeError, match=r"devices\.toml"):
        read_network(path)


def test_devices_are_equal_in_memory_speed_and_links():
    devices = tuple(Device(name, 1.0, 5.0) for name in "abcde")
    links = {("c", "d"): Link(9, 9)}
    assert equal_before(Network(devices, Link(1, 1), {})) == [None, None, 1, 2, 3]
    assert equal_before(Network(devices, Link(1, 1), links)) == [None, None, None, 2, 1]
    faster = (*devices[:4], Device("e", 1.0, 6.0))
    assert equal_before(Network(faster, Link(1, 1), {})) == [None, None, 1, 2, None]


def test_too_many_different_devices_are_one_line():
    devices = tuple(Device(f"d{n}", 1.0 + n, 5.0) for n in range(9))
    with pytest.raises(CopeError, match="9 devices are too many for a plan: name 8, or more that"):
        plan_shards(ModelShape(4, 64, 10**9), Network(devices, Link(1, 1), {}), "latency")


@pytest.mark.slow
def test_the_command_prints_the_plan(tmp_path: Path):
    model, devices = tmp_path / "toy.gguf", tmp_path / "devices.toml"
    model.write_bytes(gguf(size=600_000_000))
    devices.write_text(DEVICES)
    shown = commands.cope("shard-plan", f"local/{model}", "--devices", str(devices))
    assert shown.exit_code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[:2] == [
        "laptop: layers 1 to 1",
        "desk: layers 2 to 4, ggml-rpc-server --host 10.0.0.2 --port 50052",
    ]
    split = "--rpc 10.0.0.2:50052 --gpu-layers 4 --tensor-split 4"
    assert lines[-1] == f"llama-server --model {model} {split}"
    shown = commands.cope("shard-plan", str(model), "--devices", str(devices), "--json")
    document = json.loads(shown.stdout)
    assert document["shards"][1] == {"device": "desk", "first": 2, "last": 4}
    assert document["command"][-1] == "4"
