"""A sweep of thresholds comes to what each setting alone comes to."""

import numpy as np
import pytest
from support.sweeps import sweep

from cope.eval import Recording, Replay


def slowly(replay: Replay, gates: tuple[float, ...], rows: list[int]) -> dict[str, float]:
    """One setting, question by question and round by round, as one would write it down first."""
    found = dict.fromkeys(("score", "unknown", "calls", "written", "loss"), 0.0)
    for place in rows:
        for number, round_ in enumerate(replay.rounds):
            if not round_.known[place]:
                found["unknown"] += 1
                break
            for (tier, _), used in round_.usage.items():
                found["calls"] += used["calls"][place]
                found["written"] += used["completion_tokens"][place] if tier == "large" else 0
            last = number == len(replay.rounds) - 1
            if last or (
                round_.verdict.leader[place] >= 0
                and round_.verdict.confidence[place] >= gates[number]
            ):
                found["score"] += round_.scores[place]
                found["loss"] += 10 * number + place
                break
    return found


@sweep("count", [8, 3], every=2)
@pytest.mark.parametrize("rows", [None, [7, 2, 3]])
def test_a_sweep_is_what_each_setting_alone_comes_to(
    record: Recording, count: int, rows: list[int] | None
):
    replay = Replay(record, samples=count)
    levels = (0.1, 0.25, 1 / 3, 0.375, 0.5, 0.75, 1.0)
    settings = [(a, b) for a in levels for b in levels]
    loss = 10 * np.arange(3) + np.arange(12)[:, None]
    swept = replay.sweep(settings, rows=rows, values={"loss": loss}, partial=True)
    for place, gates in enumerate(settings):
        wanted = slowly(replay, gates, rows or list(range(12)))
        counted = swept.questions - wanted["unknown"]
        assert swept.unknown[place] == wanted["unknown"]
        assert swept.accuracy[place] * counted == pytest.approx(wanted["score"]) or counted == 0
        assert swept.total("calls")[place] == wanted["calls"]
        assert swept.completion_tokens("large")[place] == wanted["written"]
        assert swept.values["loss"][place] == wanted["loss"]
        assert swept.answered[place].sum() == counted
    whole = replay.sweep(settings, rows=rows)
    assert (np.isnan(whole.accuracy) == (whole.unknown > 0)).all()
    assert (np.isnan(whole.total("calls")) == (whole.unknown > 0)).all()
    assert (whole.unknown > 0).any() == (count == 3)


def test_a_single_setting_agrees_with_its_row_of_a_sweep(record: Recording):
    replay = Replay(record)
    outcomes, swept = replay.outcomes((0.5, 0.25)), replay.sweep([(0.5, 0.25), (1, 1)])
    assert outcomes.score.mean() == pytest.approx(swept.accuracy[0])
    for key, used in outcomes.usage.items():
        assert used.sum() == pytest.approx(swept.usage[key][0], nan_ok=True)
    assert [(outcomes.round == number).sum() for number in (1, 2, 3)] == swept.answered[0].tolist()
    assert np.isnan(swept.total("usd")).all(), "nobody gave a price"
