"""The cost at large's accuracy: chosen on one half, measured on the other."""

from pathlib import Path

import numpy as np
import pytest
from support.imported_recordings import imported

from cope.eval import Recording, Replay
from cope.optimize.calibration.matched_accuracy import cost_at_matched_accuracy
from cope.optimize.calibration.split import split_in_half


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return imported(tmp_path_factory.mktemp("matched"), 300)


def test_each_half_is_measured_with_what_was_chosen_on_the_other(record: Recording):
    same, less = cost_at_matched_accuracy(record, "large-calls", (0.0, 0.05), draws=500)
    assert same.questions == 300 and same.left_out == 0 and same.program == "imported"
    assert (
        less.share.value <= same.share.value < 1
        and less.share.low < less.share.value < less.share.high
    )
    large = Replay(record, "large").scores[:, -1]
    halves, calls, right = split_in_half(record.keys, record.groups, 0), 0.0, 0.0
    for setting, chosen_on, half in zip(
        less.settings, (halves.learn, halves.test), (halves.test, halves.learn), strict=True
    ):
        assert setting is not None
        outcomes = Replay(record, samples=setting.samples, thresholds=setting.thresholds).outcomes()
        assert (outcomes.score - large)[chosen_on.rows].mean() >= -0.05 - 1e-9
        calls += outcomes.usage["large", "calls"][half.rows].sum()
        right += outcomes.score[half.rows].sum()
    assert less.share.value == pytest.approx(calls / 300)
    assert less.difference.value == pytest.approx((right - large.sum()) / 300)


def test_where_no_setting_is_as_accurate_large_alone_is_the_choice(record: Recording):
    (one,) = cost_at_matched_accuracy(record, "large-calls", (-1.0,), draws=100)
    assert one.settings == (None, None) and one.share.value == 1.0 and one.difference.value == 0.0


def test_some_questions_or_a_record_without_a_gate(record: Recording, tmp_path: Path):
    assert (
        cost_at_matched_accuracy(record, "large-calls", rows=np.arange(50), draws=100)[0].questions
        == 50
    )
    assert cost_at_matched_accuracy(record, "large-calls", rows=np.arange(1), draws=100) == []
