"""Every setting on a record: what it loses and uses is what its own replay says, and what is not recorded counts as lost."""

from pathlib import Path

import numpy as np
import pytest
from support.recordings import recorder, recording, team_of, unsure

from cope import CopeError, load_preset
from cope.eval import Recording, Replay
from cope.models import Price
from cope.optimize.calibration.losses import disagreement, harm, last_tier_alone
from cope.optimize.calibration.settings import evaluate_settings
from cope.optimize.calibration.split import split_in_half
from cope.stats.measures import MEASURES

PRICES = {"small": Price(1, 2), "large": Price(10, 20)}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    preset = load_preset("cope").with_overrides(samples=3)
    return recording(
        recorder(team_of(unsure), preset, "large"), tmp_path_factory.mktemp("record"), 14
    )


@pytest.mark.slow
def test_losses_and_use_are_those_of_each_replay(record: Recording):
    large, halves = last_tier_alone(record), split_in_half(record.keys)
    found = evaluate_settings(record, halves, lambda replay: harm(replay, large), PRICES)
    assert len(found.settings) == 3**2 + 2**2 + 1
    learn, test = halves.learn.rows, halves.test.rows
    right = large.outcomes().score == 1.0
    some_unknown = 0
    for place, setting in enumerate(found.settings):
        replay = Replay(
            record, samples=setting.samples, thresholds=setting.thresholds, prices=PRICES
        )
        outcomes = replay.outcomes()
        lost = np.where(outcomes.known, (outcomes.score < 1) & right, True)
        assert found.learn_loss[place] == pytest.approx(lost[learn].mean())
        assert found.test_loss[place] == pytest.approx(lost[test].sum())
        known = outcomes.known[learn]
        some_unknown += not outcomes.known.all()
        use = {
            "cost": sum(outcomes.usage[tier, "usd"] for tier in ("small", "large")),
            "cost-small-free": outcomes.usage["large", "usd"],
            "large-tokens": outcomes.usage["large", "plan_tokens"]
            + outcomes.usage["large", "answer_tokens"],
            "seconds": sum(outcomes.usage[tier, "seconds"] for tier in ("small", "large")),
            "large-calls": outcomes.usage["large", "calls"],
        }
        for name in MEASURES:
            assert found.learn_use[name][place] == pytest.approx(use[name][learn][known].mean()), (
                name
            )
    assert some_unknown, "with fewer samples another plan is handed on here and there"
    assert all(found.is_known(name) for name in MEASURES)


def test_settings_in_blocks_come_to_the_same(record: Recording, monkeypatch: pytest.MonkeyPatch):
    large, halves = last_tier_alone(record), split_in_half(record.keys)
    whole = evaluate_settings(record, halves, lambda replay: harm(replay, large))
    monkeypatch.setattr("cope.optimize.calibration.settings._CELLS", 3 * len(record))
    parts = evaluate_settings(record, halves, lambda replay: harm(replay, large))
    np.testing.assert_array_equal(whole.test_loss, parts.test_loss)
    np.testing.assert_array_equal(whole.learn_use["large-tokens"], parts.learn_use["large-tokens"])


def test_of_many_thresholds_and_counts_some_are_tried(
    record: Recording, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("cope.optimize.calibration.settings._SETTINGS", 4)
    monkeypatch.setattr("cope.optimize.calibration.settings._COUNTS", 2)
    large = last_tier_alone(record)
    found = evaluate_settings(
        record, split_in_half(record.keys), lambda replay: harm(replay, large)
    )
    assert [s.samples for s in found.settings] == [1, 3, 3, 3, 3]
    assert {t for s in found.settings for t in s.thresholds} == {1.0, 1 / 3}


def test_harm_and_disagreement(record: Recording):
    large, cascade = last_tier_alone(record), Replay(record)
    lost, other = harm(cascade, large), disagreement(cascade, large)
    assert lost.any()
    assert (lost <= other).all(), "who is wrong where the large model is right gives another answer"
    assert (other > lost).any()
    for number, round_ in enumerate(cascade.rounds):
        for row in range(len(record)):
            leader, theirs = round_.verdict.leader[row], large.rounds[0].recorded.answers[row, 0]
            ours = None if leader < 0 else round_.recorded.answers[row, leader]
            same = ours is not None and theirs is not None and float(ours) == float(theirs)
            assert other[row, number] == (not same)


def test_an_unknown_price_is_distinguished_from_nothing(record: Recording):
    large = last_tier_alone(record)
    found = evaluate_settings(
        record, split_in_half(record.keys), lambda replay: harm(replay, large)
    )
    assert not found.is_known("cost")
    assert found.is_known("large-tokens")


def test_a_record_without_the_large_model_or_without_a_gate(tmp_path: Path):
    lone = recording(
        recorder(team_of(unsure), load_preset("cope").with_overrides(samples=2)),
        tmp_path / "lone",
        2,
    )
    with pytest.raises(CopeError, match="--also large"):
        last_tier_alone(lone)
    large = recording(recorder(team_of(unsure), "large"), tmp_path / "large", 2)
    with pytest.raises(CopeError, match="no threshold to calibrate"):
        evaluate_settings(large, split_in_half(large.keys), lambda replay: harm(replay, replay))


def test_halves_keep_together_what_belongs_together():
    keys = [f"k{n}" for n in range(40)]
    groups = [f"g{n % 9}" if n < 30 else None for n in range(40)]
    halves = split_in_half(keys, groups, seed=3)
    sides = [set(half.rows.tolist()) for half in (halves.learn, halves.test)]
    assert sides[0] | sides[1] == set(range(40))
    for name in set(groups) - {None}:
        rows = {n for n, group in enumerate(groups) if group == name}
        assert rows <= sides[0] or rows <= sides[1]
    assert halves.grouped
    assert halves.learn.units + halves.test.units == 9 + 10
    for half in (halves.learn, halves.test):
        assert half.weights.sum() == pytest.approx(half.units)
    mixed = np.random.default_rng(0).permutation(40)
    again = split_in_half([keys[n] for n in mixed], [groups[n] for n in mixed], seed=3)
    assert set(mixed[again.test.rows].tolist()) == sides[1], "the order of the rows does not matter"
    assert set(split_in_half(keys, groups, seed=4).test.rows.tolist()) != sides[1]
