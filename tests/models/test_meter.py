"""Calls are summed by tier, round and role; money that is not known stays unknown; a machine's time is shared out."""

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, strategies as st

from cope.models import Call, Meter, Usage, call_labels, metered
from cope.models.cost import CostBounds
from cope.models.meter import MachineTimeAccountant, new_call, record_call
from cope.models.usage_rows import spent_rows

PLAN = Call(
    "large",
    "m",
    2,
    "plan",
    prompt_tokens=100,
    completion_tokens=10,
    cached_tokens=40,
    usd=0.5,
    seconds=1.0,
)
REASON = Call(
    "small", "m", 2, "reason", prompt_tokens=120, completion_tokens=200, usd=0.25, seconds=2.0
)
UNPRICED = Call("small", "m", 1, "reason", prompt_tokens=7, completion_tokens=3, seconds=0.5)
HIT = Call("small", "m", 1, "reason", prompt_tokens=6, completion_tokens=4, usd=0.5, cache_hit=True)
CANCELLED = Call("small", "m", 1, "reason", completion_tokens=5, cancelled=True, seconds=0.1)


def test_a_sum():
    usage = Usage.from_calls([PLAN, REASON])
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (
        2,
        220,
        210,
        40,
    )
    assert (usage.tokens, usage.usd, usage.unpriced, usage.seconds) == (430, 0.75, 0, 3.0)


def test_unknown_money_is_not_zero():
    assert Usage.from_calls([UNPRICED]).usd is None
    assert Usage.from_calls([]).usd is None
    mixed = Usage.from_calls([UNPRICED, REASON, UNPRICED])
    assert (mixed.usd, mixed.unpriced) == (0.25, 2)


def test_hits_count_as_the_calls_that_they_repeat():
    usage = Usage.from_calls([HIT, HIT, REASON])
    assert (usage.calls, usage.hits, usage.usd, usage.tokens) == (3, 2, 1.25, 340)
    now = Meter([HIT, HIT, REASON]).total(cache_hit=False)
    assert (now.calls, now.usd, now.tokens) == (1, 0.25, 320)


def test_cancelled_calls_are_calls():
    usage = Usage.from_calls([CANCELLED, REASON])
    assert (usage.calls, usage.cancelled, usage.completion_tokens, usage.unpriced) == (2, 1, 205, 1)


def test_by_labels():
    meter = Meter([PLAN, REASON, UNPRICED, HIT, CANCELLED])
    split = meter.group_by("tier", "round", "role")
    assert list(split) == [("large", 2, "plan"), ("small", 1, "reason"), ("small", 2, "reason")]
    assert split["large", 2, "plan"] == Usage.from_calls([PLAN])
    assert split["small", 1, "reason"] == Usage.from_calls([UNPRICED, HIT, CANCELLED])
    assert meter.total(tier="small").calls == 4
    assert meter.total(tier="none").calls == 0
    assert sum(u.tokens for u in meter.group_by("role").values()) == meter.total().tokens


def test_labels_nest_and_end():
    with call_labels(round=1, role="plan"):
        with call_labels(role="reason"):
            inner = new_call("small", "m")
        outer = new_call("small", "m")
    after = new_call("small", "m")
    assert [(c.round, c.role) for c in (inner, outer, after)] == [
        (1, "reason"),
        (1, "plan"),
        (0, "other"),
    ]


def test_meters_nest_and_end():
    with metered() as outer:
        record_call(PLAN)
        with metered() as inner:
            record_call(REASON)
        record_call(HIT)
    record_call(UNPRICED)
    assert outer.calls == [PLAN, REASON, HIT] and inner.calls == [REASON]


def test_a_given_meter_continues():
    meter = Meter([PLAN])
    with metered(meter):
        record_call(REASON)
    assert meter.calls == [PLAN, REASON]


def test_tasks_have_their_own_labels_and_share_the_meter():
    async def one(number: int) -> None:
        with call_labels(round=number):
            await asyncio.sleep(0)
            record_call(new_call("small", "m"))

    async def all_of_them() -> None:
        await asyncio.gather(*map(one, range(20)))

    with metered() as meter:
        asyncio.run(all_of_them())
    assert sorted(c.round for c in meter.calls) == list(range(20))


def test_threads_lose_no_call():
    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [meter.add(PLAN) for _ in range(200)], range(8)))
    assert meter.total().calls == 1600


MOMENTS = st.floats(0, 100, allow_subnormal=False)


@given(st.lists(st.tuples(MOMENTS, MOMENTS, st.sampled_from("abc")), min_size=1, max_size=12))
def test_shares_of_the_machine_add_up_to_the_time_it_worked(calls: list[tuple[float, float, str]]):
    edges = [(start, 1, number) for number, (start, _, _) in enumerate(calls)]
    edges += [(start + length, 2, number) for number, (start, length, _) in enumerate(calls)]
    now = 0.0
    began: dict[int, float] = {}
    charged = busy = 0.0
    clock = MachineTimeAccountant()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", lambda: now)
        for moment, edge, number in sorted(edges):
            busy += (moment - now) if began else 0.0
            now = moment
            _, length, model = calls[number]
            if edge == 1:
                began[number] = clock.start(model)
            else:
                share = clock.stop(began.pop(number), model)
                assert -1e-9 <= share <= length + 1e-9
                charged += share
    assert charged == pytest.approx(busy, abs=1e-6)


def test_two_calls_at_once_pay_half_each(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    clock = MachineTimeAccountant()
    first = clock.start()
    now += 4
    second = clock.start()
    now += 2
    assert clock.stop(first) == pytest.approx(5.0)
    now += 3
    assert clock.stop(second) == pytest.approx(4.0)
    now += 50  # an idle machine is charged to nobody
    third = clock.start()
    now += 1
    assert clock.stop(third) == pytest.approx(1.0)


def test_models_that_generate_at_once_get_equal_parts(monkeypatch: pytest.MonkeyPatch):
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    clock = MachineTimeAccountant()
    small = [clock.start("small") for _ in range(4)]
    now += 8
    large = clock.start("large")
    now += 8
    assert clock.stop(large, "large") == pytest.approx(4.0)
    assert [clock.stop(started, "small") for started in small] == pytest.approx([2.0 + 1.0] * 4)


# Sums of sums


def row(**changes: Any) -> dict[str, Any]:
    return {
        "tier": "small",
        "round": 1,
        "role": "reason",
        **Usage.from_calls([]).as_dict(),
    } | changes


def test_rows_add_up_and_what_is_not_known_of_one_is_unknown():
    plan = row(role="plan", calls=1, prompt_tokens=5, completion_tokens=7, usd=0.5)
    usage = Usage.from_rows([plan, row(calls=2, prompt_tokens=1, completion_tokens=3)])
    assert (usage.calls, usage.tokens, usage.plan_tokens, usage.answer_tokens) == (3, 16, 7, 3)
    imported = Usage.from_rows([plan, row(completion_tokens=None, machine_seconds=None)])
    assert (imported.plan_tokens, imported.answer_tokens, imported.tokens) == (7, None, None)
    assert imported.summary()["seconds"] is None
    assert math.isnan(imported.amount("answer_tokens")) and imported.amount("plan_tokens") == 7


def test_money_is_unknown_when_a_finished_call_has_no_price():
    stopped = row(calls=2, cancelled=1, unpriced=1, usd=0.25, usd_low=0.25, usd_high=None)
    assert Usage.from_rows([stopped]).total_usd == 0.25
    assert math.isnan(Usage.from_rows([stopped]).amount("usd"))
    finished = row(calls=1, unpriced=1, usd_high=None)
    assert Usage.from_rows([stopped, finished]).total_usd is None
    assert Usage.from_calls([CANCELLED, UNPRICED]).total_usd is None


def test_the_cost_of_a_stopped_call_lies_between_bounds():
    bounded = row(calls=2, cancelled=1, unpriced=1, usd=0.25, usd_low=0.5, usd_high=0.75)
    usage = Usage.from_rows([bounded, row(calls=1, usd=1.0, usd_low=1.0, usd_high=1.0)])
    assert (usage.cost, usage.cost.exact) == (CostBounds(1.5, 1.75), None)
    assert (usage.amount("usd"), usage.amount_at_least("usd"), usage.total_usd) == (1.75, 1.5, 1.75)
    assert usage.times(2).cost == CostBounds(3.0, 3.5) and usage.minus(usage).cost.exact == 0


@pytest.mark.parametrize(
    ("changes", "calls", "hits", "cost", "now"),
    [
        ({"calls": 2, "usd": 0.5}, 2, 0, CostBounds(0.5, 0.5), CostBounds(0.5, 0.5)),
        ({"calls": 2, "usd": None, "unpriced": 2}, 2, 0, CostBounds(0, None), CostBounds(0, None)),
        ({"hits": 8, "usd": 0.0}, 8, 8, CostBounds(0, None), CostBounds(0, 0)),
        ({"calls": 2, "hits": 1, "usd": 0.5}, 3, 1, CostBounds(0.5, None), CostBounds(0.5, 0.5)),
    ],
)
def test_what_a_cached_reply_had_cost_is_unknown_in_rows_of_earlier_versions(
    changes: dict[str, Any], calls: int, hits: int, cost: CostBounds, now: CostBounds
):
    old = {
        name: value for name, value in row(**changes).items() if not name.startswith("unreported")
    }
    del old["usd_low"], old["usd_high"]
    usage = Usage.from_rows([old])
    assert (usage.calls, usage.hits, usage.cost) == (calls, hits, cost)
    assert (usage.tokens is None) == bool(hits)
    assert Usage.from_rows(spent_rows([old])).cost == now


def test_a_multiple_keeps_the_total_of_the_tokens():
    usage = Usage.from_totals(calls=3, tokens=5, usd=0.3, seconds=1.0, completion_share=0.5)
    assert usage.times(0.5).totals() == {"calls": 2, "tokens": 2, "usd": 0.15, "seconds": 0.5}
    assert Usage.from_totals(1, 10, None).times(2).total_usd is None
    assert usage.plus(usage).minus(usage).totals() == pytest.approx(usage.totals())


def test_a_ledger_of_an_earlier_version_is_read():
    written = {"tier": "small", "model": "m", "hit": True, "restored": True, "usd": 0.5}
    call = Call.from_dict(written)
    assert (call.cache_hit, call.from_ledger, call.usd) == (True, True, 0.5)
    assert written.items() <= call.as_dict().items()
    assert Call.from_dict(call.as_dict()) == call
    free = Call.from_dict({"tier": "small", "hit": True, "usd": 0.0, "completion_tokens": 0})
    assert free.usd is None and free.completion_tokens is None and free.seconds is None
