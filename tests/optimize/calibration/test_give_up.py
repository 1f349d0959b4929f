"""When a round is left is learned from a record: the states are those of a plain loop, and few questions are lost."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.give_up_worlds import code_record, vote_record
from support.sweeps import sweep
from support.tested_records import SECONDS, program_record, rounds

from cope import Preset
from cope.eval import Recording, Replay
from cope.models import Price
from cope.optimize.calibration.give_up import LearnedGiveUp, learn_give_up
from cope.optimize.calibration.give_up_paths import RoundPaths, round_paths
from cope.optimize.calibration.give_up_report import give_up_rows
from cope.optimize.calibration.give_up_states import count_states, states_to_leave
from cope.programs.give_up import GiveUp

PRICES = {"small": Price(1, 1), "large": Price(4, 4)}
State = tuple[int, int]


def learned(replay: Replay, harm: float = 0.02) -> LearnedGiveUp:
    found = learn_give_up(replay, np.arange(len(replay)), harm)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def votes(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return vote_record(tmp_path_factory.mktemp("votes"), 12)


def paths_of(seed: int) -> RoundPaths:
    """Forty questions of six samples, whose leading answer wins a vote now and then."""
    rng, size = np.random.default_rng(seed), 40
    leading = np.cumsum(rng.random((6, size)) < rng.random(size), axis=0)
    end = rng.integers(1, 7, size)
    none = {"seconds": np.zeros(size)}
    accepted = rng.random(size) < 0.4
    return RoundPaths(1, leading, end, end, accepted, none, {"seconds": np.ones(size)})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("worth", [0.5, 3.0, 20.0])
def test_the_states_are_those_of_a_loop_over_the_questions(seed: int, worth: float):
    paths = paths_of(seed)
    inside = [(q, d) for q in range(40) for d in range(1, paths.end[q])]
    questions = Counter((d, int(paths.leading[d - 1, q])) for q, d in inside)

    @cache
    def gain(drawn: int, leading: int) -> float:
        total, here = (
            worth,
            [q for q, d in inside if (d, paths.leading[d - 1, q]) == (drawn, leading)],
        )
        for q in here:
            if paths.end[q] == drawn + 1:
                total += worth * paths.accepted[q]
            else:
                total += max(0.0, gain(drawn + 1, int(paths.leading[drawn, q])))
        return total / (len(here) + 2) - 1.0

    expected = {state for state in questions if gain(*state) < 0}
    totals = count_states(paths, np.ones(40, bool), np.arange(40) % 3).without(None)
    table = states_to_leave(totals, 1.0, worth)
    assert {tuple(state) for state in np.argwhere(table).tolist()} == expected
    assert {
        tuple(s): totals.questions[tuple(s)] for s in np.argwhere(totals.questions)
    } == questions


def records(votes: Recording, where: Path) -> dict[str, tuple[Recording, dict[str, Price]]]:
    return {"votes": (votes, PRICES), "tests": (code_record(where, 10), PRICES)}


@sweep("kind", ["votes", "tests"], every=2)
def test_a_replay_with_the_states_leaves_the_rounds_that_were_learned(
    votes: Recording, tmp_path: Path, kind: str
):
    record, prices = records(votes, tmp_path)[kind]
    replay = Replay(record, prices=prices)
    found = learned(replay, harm=1.0)
    measure = "cost"
    preset = {"name": "p", "rounds": [dict(r, give_up=measure) for r in plain(replay)[:-1]]}
    preset["rounds"].append(plain(replay)[-1])
    give_up = GiveUp(found.states, found.worth)
    left = Replay(record, Preset.model_validate(preset), prices=prices, give_up=give_up)
    paths, ours = round_paths(replay, found.rows), left.outcomes()
    for place, question in enumerate(found.rows):
        for number, one in enumerate(paths[:-1], 1):
            at = first_state(one, place, number, give_up, measure)
            round_ = left.rounds[number - 1]
            assert round_.drawn is not None
            if at is not None:
                assert round_.drawn[question] == at
            if at is None and one.accepted[place]:
                assert ours.round[question] == number
                break
        else:
            assert ours.round[question] == 3
    assert any((np.array(one.drawn) < one.spec.samples).any() for one in left.rounds[:-1])


def plain(replay: Replay) -> list[dict[str, Any]]:
    rounds_ = [round_.model_dump(exclude_defaults=True) for round_ in replay.preset.rounds]
    return [{key: value for key, value in one.items() if key != "give_up"} for one in rounds_]


def first_state(
    paths: RoundPaths, place: int, number: int, give_up: GiveUp, measure: str
) -> int | None:
    for drawn in range(1, paths.end[place]):
        if give_up.leaves(measure, number, drawn, int(paths.leading[drawn - 1, place])):
            return drawn
    return None


@pytest.mark.parametrize("tasks", [30, 100])
@sweep("harm", [0.0, 0.02, 0.1], every=3)
def test_few_questions_are_lost_and_much_is_saved(tasks: int, harm: float):
    replay = Replay(program_record(tasks))
    found = learned(replay, harm)
    rows = give_up_rows(replay, found, np.arange(tasks))
    by_measure = {row.measure: row for row in rows}
    assert "large-tokens" not in by_measure, "small samples cost none, so no round is left"
    if not harm and "seconds" not in by_measure:
        return
    row = by_measure["seconds"]
    assert row.lost is not None and row.gained is not None and row.accuracy is not None
    assert row.lost - row.gained <= harm * tasks
    assert row.accuracy[0] - row.accuracy[1] == pytest.approx((row.lost - row.gained) / tasks)
    assert row.drawn[1] < row.drawn[0] and row.seconds == row.use
    assert row.use[1] == pytest.approx(row.use[0] * (1 - (row.saved["value"] or 0)))


def test_what_is_known_of_the_record_is_what_can_be_named(votes: Recording):
    without, priced = learned(Replay(votes)), learned(Replay(votes, prices=PRICES))
    assert "cost" not in without.worth and "cost" in priced.worth
    assert {"large-tokens", "large-calls"} <= without.worth.keys()


def test_figures_without_the_rule_are_those_of_the_exact_rule():
    replay = Replay(program_record(50))
    before = learned(replay).before["seconds"]
    outcomes = replay.outcomes()
    for question in range(50):
        drawn = 0
        for round_ in replay.rounds[: outcomes.round[question]]:
            if round_.number == 3:
                break
            samples = round_.samples
            assert samples is not None
            passed = samples.in_order(samples.passed)[question].tolist()
            drawn += passed.index(1) + 1 if 1 in passed else len(passed)
        assert before.drawn[question] == drawn
        is_last = outcomes.round[question] == 3
        seconds = drawn * SECONDS["small"] + is_last * SECONDS["large"]
        assert before.seconds is not None
        assert before.seconds[question] == pytest.approx(seconds)


def test_questions_that_belong_together_share_a_fold_and_a_round_alone_is_nothing_to_learn():
    replay = Replay(program_record(40))
    found = learn_give_up(replay, np.arange(40) // 4, 0.02)
    assert found is not None and found.states
    one = Preset.model_validate({"name": "large", "rounds": [{"reasoner": "large"}]})
    assert learn_give_up(Replay(program_record(5), one), np.arange(5), 0.02) is None
    assert rounds()[0].get("give_up") is None


@pytest.mark.slow
@pytest.mark.parametrize(("tasks", "records"), [(30, 40), (100, 20), (300, 10)])
def test_in_simulation_most_seconds_are_saved_for_the_questions_that_may_be_lost(
    tasks: int, records: int
):
    """The table in docs/explanation/calibration.md. New tasks are another record of the same kind."""
    saved, lost, new_saved, new_lost = [], [], [], []
    for seed in range(records):
        replay, later = (Replay(program_record(tasks, one)) for one in (seed, 1000 + seed))
        found = learned(replay)
        before, after = found.before["seconds"], found.after["seconds"]
        saved.append(1 - after.use.sum() / before.use.sum())
        index = np.arange(tasks)
        scores = replay.scores
        lost.append((scores[index, before.answering] - scores[index, after.answering]).mean())
        give_up = GiveUp(found.states, found.worth)
        spec = [dict(one, give_up="seconds") for one in plain(later)[:-1]] + plain(later)[-1:]
        named = Preset.model_validate({"name": "p", "rounds": spec})
        left = Replay(later.recording, named, give_up=give_up).outcomes()
        exact = learned(later).before["seconds"].use.sum()
        new_saved.append(1 - sequential_seconds(later, left, give_up) / exact)
        new_lost.append((later.outcomes().score - left.score).mean())
    print(f"\n{tasks} tasks, {records} records")
    for name, values in (("saved", saved), ("lost", lost)):
        print(f"learned on: {name} {np.mean(values):.1%}, {np.quantile(values, [0.1, 0.9])}")
    for name, values in (("saved", new_saved), ("lost", new_lost)):
        print(f"new tasks: {name} {np.mean(values):.1%}, {np.quantile(values, [0.1, 0.9])}")
    assert np.mean(new_saved) > 0.3 and np.mean(new_lost) < 0.03


def sequential_seconds(replay: Replay, left: Any, give_up: GiveUp) -> float:
    """Return the seconds of samples that are drawn one by one, until a program passes or the round is left."""
    paths, total = round_paths(replay, np.arange(len(replay))), 0.0
    for question in range(len(replay)):
        for number, one in enumerate(paths[: left.round[question]], 1):
            at = first_state(one, question, number, give_up, "seconds") if number < 3 else None
            drawn = int(one.stop[question]) if at is None else at
            total += float(one.use("seconds", np.full(len(replay), drawn))[question])
    return total
