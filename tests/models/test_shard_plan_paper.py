"""The plans for the testbed of EdgeShard (arXiv 2405.14371), with the figures of its authors.

- Devices: Table III of the paper, 12 Jetson AGX Orin (32 GB), 2 Jetson Orin NX (16 GB) and one RTX
  3090 (24 GB), which is the cloud. The prompts are on an AGX Orin. Section V: 1 Mbps between it and
  the cloud, 50 Mbps between all others.
- Milliseconds of a token: the sums of the profile of Llama2-7B in the authors' repository
  (KasperXMS/EdgeShard-remastered, algorithm/7B_partition_latency.py), which also names the 2.1 ms
  of a message, 29, 14 and 22 GB of free memory, and the link of 10 Mbps of its own example.
- Memory of a model: four bytes a parameter, 28, 52 and 280 GB. No profile of Llama2-13B and 70B is
  published: their speeds are those of 7B by the number of parameters, and only decide orders here.
- Table IV, ms a token: 7B: Edge-Solo 140.34, Cloud-Edge-Even 227.35, Cloud-Edge-Opt 140.34,
  EdgeShard 75.88. 13B: Edge-Solo out of memory, 319.44, 243.45, 173.43. 70B: all out of memory but
  EdgeShard, 3086.43.

The figures of the profile were read in the repository. Those of Tables III and IV and of Section V
are cited from memory and were not compared with the paper's text.

The plan has no time for the framework, so it is below the table for EdgeShard. Even halves of 13B
do not fit an RTX 3090 by these figures, so the two baselines of 13B are not compared.
"""

from functools import cache

import pytest

from cope.errors import CopeError
from cope.models.shard_plan import (
    Device,
    Link,
    Network,
    ShardPlan,
    capacity,
    describe,
    plan_shards,
)
from cope.models.weights.gguf import ModelShape

AGX_MS, NX_MS, CLOUD_MS = 173.973, 198.555, 26.074
MODELS = {
    7: ModelShape(layers=32, width=4096, size=28 * 10**9),
    13: ModelShape(layers=40, width=5120, size=52 * 10**9),
    70: ModelShape(layers=80, width=8192, size=280 * 10**9),
}
EDGE_SOLO, EVEN, OPT, EDGE_SHARD = 140.34, 227.35, 140.34, 75.88


def machines(billions: int, edge: int = 12, cloud: bool = True, mbit: float = 1) -> Network:
    """Return some AGX Orin, the two Orin NX when there are all of these, and the cloud."""
    scale = 7 / billions
    devices = [Device(f"agx-{n}", 32, 1000 / AGX_MS * scale) for n in range(edge)]
    if edge == 12:
        devices += [Device(f"nx-{n}", 16, 1000 / NX_MS * scale) for n in range(2)]
    if cloud:
        devices.append(Device("cloud", 24, 1000 / CLOUD_MS * scale))
    return Network(tuple(devices), Link(2.1, 50), {("agx-0", "cloud"): Link(2.1, mbit)})


@cache
def plan(billions: int, edge: int = 12, cloud: bool = True, mbit: float = 1) -> ShardPlan | None:
    """Return the plan for the least time of a token; None if the model does not fit."""
    network = machines(billions, edge, cloud, mbit)
    if (
        sum(capacity(MODELS[billions], device) for device in network.devices)
        >= MODELS[billions].layers
    ):
        return plan_shards(MODELS[billions], network, "latency")
    with pytest.raises(CopeError, match="hold fewer than the model's"):
        plan_shards(MODELS[billions], network, "latency")
    return None


@pytest.mark.parametrize(
    ("billions", "edge_solo", "cloud_edge", "all_devices"),
    [(7, True, True, True), (13, False, True, True), (70, False, False, True)],
)
def test_the_same_models_run_out_of_memory(
    billions: int, edge_solo: bool, cloud_edge: bool, all_devices: bool
):
    assert (plan(billions, 1, cloud=False) is not None) == edge_solo
    assert (plan(billions, 1) is not None) == cloud_edge
    assert (plan(billions) is not None) == all_devices


def test_the_ways_to_run_7b_have_the_order_of_the_table():
    """Over 1 Mbps the best of one machine and the cloud is the machine alone, as in the paper."""
    model = MODELS[7]
    solo, opt, best = plan(7, 1, cloud=False), plan(7, 1), plan(7)
    assert solo and opt and best
    even = describe(model, machines(7, 1), (0, 1), (16, 16))
    assert best.token_ms < opt.token_ms == solo.token_ms < even.token_ms
    assert even.token_ms == pytest.approx(EVEN, rel=0.05)
    assert best.token_ms / solo.token_ms < EDGE_SHARD / EDGE_SOLO
    assert [shard.device for shard in best.shards] == ["agx-0", "agx-1", "cloud"]
    cloud = best.shards[-1]
    assert cloud.last - cloud.first + 1 == capacity(model, machines(7).devices[-1])


def test_all_devices_are_faster_than_the_cloud_and_one_of_them_on_13b():
    opt, best = plan(13, 1), plan(13)
    assert opt and best
    assert best.token_ms / opt.token_ms < 0.9
    assert [shard.device for shard in best.shards] == ["agx-0", "agx-1", "cloud"]


def test_a_fast_link_to_the_cloud_makes_other_devices_unnecessary():
    for billions in (7, 13):
        opt, best = plan(billions, 1, mbit=50), plan(billions, mbit=50)
        assert opt and best
        assert opt.token_ms == pytest.approx(best.token_ms)


def test_70b_needs_the_cloud_and_nine_devices():
    best = plan(70)
    assert best
    assert len(best.shards) == 10
    assert {"agx-0", "cloud"} <= {shard.device for shard in best.shards}


def test_the_example_of_the_authors_program_has_their_plan():
    """Their program finds 55.64 ms for batches of 4: Orin NX, AGX Orin, 29 layers on the RTX 3090."""
    gib = 2**30 / 1e9
    devices = [Device(f"nx-{n}", 14 * gib, 1000 / NX_MS) for n in range(2)]
    devices += [Device(f"agx-{n}", 29 * gib, 1000 / AGX_MS) for n in range(2)]
    devices.append(Device("cloud", 22 * gib, 1000 / CLOUD_MS))
    network = Network(tuple(devices), Link(2.1, 950), {("cloud", "nx-0"): Link(2.1, 10)})
    model = ModelShape(layers=32, width=4 * 4096, size=int((32 * 0.754 + 2 * 0.488) * 2**30))
    found = plan_shards(model, network, "latency")
    assert [shard.device for shard in found.shards] == ["nx-0", "agx-0", "cloud"]
    assert found.shards[-1].last - found.shards[-1].first + 1 in (28, 29)
    assert found.token_ms == pytest.approx(55.64, rel=0.06)
