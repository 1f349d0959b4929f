"""The counts for hedged escalation are those of a plain loop over the record's votes."""

from collections import Counter

import numpy as np
import pytest
from support.recordings import recorder, recording, team_of, unsure
from support.sweeps import sweep

from cope import Preset
from cope.eval import Recording, Replay
from cope.optimize.calibration.escalation import escalation_counts

ROUNDS = [
    {"reasoner": "small", "samples": 5, "temperature": 1.0, "threshold": 0.6},
    {"reasoner": "small", "samples": 4, "temperature": 1.0, "threshold": 0.75},
    {"reasoner": "large"},
]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    preset = Preset.model_validate({"name": "three", "rounds": ROUNDS})
    return recording(recorder(team_of(unsure), preset), tmp_path_factory.mktemp("r"), 30)


@sweep("rows", [range(30), range(0, 30, 3), range(0)], every=3)
@pytest.mark.parametrize("thresholds", [(), (1.0, 0.25), (0.2, 0.2)])
def test_the_counts_are_those_of_a_loop(
    record: Recording, rows: range, thresholds: tuple[float, ...]
):
    replay = Replay(record, thresholds=thresholds)
    answering = replay.outcomes().round
    expected: Counter[tuple[int, int, int, bool]] = Counter()
    for row in rows:
        for number, recorded in enumerate(record.rounds[:-1], 1):
            if answering[row] < number:
                continue
            votes = recorded.votes[row][recorded.order()[row]]
            for drawn in range(1, recorded.samples + 1):
                seen = Counter(vote for vote in votes[:drawn] if vote >= 0)
                leading = max(seen.values(), default=0)
                expected[number, drawn, leading, bool(answering[row] > number)] += 1
    counts = escalation_counts(replay, np.array(rows, dtype=int))
    found: Counter[tuple[int, int, int, bool]] = Counter()
    for one in counts:
        state = one["round"], one["drawn"], one["leading"]
        found[*state, True] = one["escalated"]
        found[*state, False] = one["questions"] - one["escalated"]
    assert +found == +expected
