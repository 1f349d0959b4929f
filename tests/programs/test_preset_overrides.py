"""Other numbers of samples and thresholds for a preset, which itself is never changed."""

from typing import Any

import pytest

from cope.errors import CopeError
from cope.programs import Preset, load_preset


def test_another_number_of_samples_where_there_are_several():
    rounds = load_preset("cope").with_overrides(samples=4).rounds
    assert [(r.samples, r.plans) for r in rounds] == [(4, 4), (4, 1), (1, 1)]
    assert [(r.samples, r.plans) for r in load_preset("cope").with_overrides(samples=1).rounds] == [
        (1, 1),
        (1, 1),
        (1, 1),
    ]
    assert load_preset("plan-then-solve").with_overrides(samples=4) == load_preset(
        "plan-then-solve"
    )


def test_other_thresholds_round_by_round():
    preset = load_preset("cope")
    assert [r.threshold for r in preset.with_overrides(thresholds=(0.9,)).rounds] == [
        0.9,
        0.5,
        None,
    ]
    assert [r.threshold for r in preset.with_overrides(thresholds=(0.9, 0.6)).rounds] == [
        0.9,
        0.6,
        None,
    ]
    assert (
        preset.with_overrides() == preset
        and preset.with_overrides(thresholds=(0.75, 0.5)) == preset
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thresholds": (0.5, 0.5, 0.5)}, "preset 'cope' has 2 thresholds, and 3 are given"),
        (
            {"thresholds": (1.5,)},
            "preset cope: rounds.1.threshold: 1.5 is out of range: give a number above 0, up to 1",
        ),
        (
            {"thresholds": (0.5, 0.0)},
            "preset cope: rounds.2.threshold: 0.0 is out of range: give a number above 0, up to 1",
        ),
        (
            {"samples": 0},
            "samples is 0: give a whole number from 1 to 256",
        ),
        (
            {"samples": 257},
            "samples is 257: give a whole number from 1 to 256",
        ),
    ],
)
def test_a_change_out_of_range(change: dict[str, Any], message: str):
    with pytest.raises(CopeError) as caught:
        load_preset("cope").with_overrides(**change)
    assert str(caught.value) == message


def test_a_preset_cannot_be_changed_by_accident():
    preset = load_preset("cope")
    with pytest.raises(ValueError, match="frozen"):
        preset.name = "mine"  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(preset, Preset) and hash(preset.rounds)
