"""A round that is left: a replay comes to what the live run comes to, for votes and for tests."""

from pathlib import Path
from typing import Any

import pytest
from support.give_up_worlds import CODE, any_table, code_record, preset, program, tasks, vote_record
from support.recordings import examples, team_of, unsure
from support.sweeps import sweep

from cope import Cascade
from cope.eval import Recording, Replay, replay_results

QUESTIONS = 10
KINDS = ("votes", "tests")
SAME = (
    "round",
    "kind",
    "accepted",
    "answer",
    "confidence",
    "votes",
    "supporters",
    "asked",
    "undrawn",
)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording]:
    def folder(name: str) -> Path:
        return tmp_path_factory.mktemp(name)

    votes, tests = vote_record(folder("votes"), QUESTIONS), code_record(folder("tests"), QUESTIONS)
    return {"votes": votes, "tests": tests}


def live(kind: str, seed: int, early_stop: str) -> tuple[Cascade, list[Any]]:
    more = {"give_up": any_table(seed), "early_stop": early_stop}
    if kind == "votes":
        return Cascade(preset(), team_of(unsure), answer_kind="math", **more), examples(QUESTIONS)
    return Cascade(preset(), team_of(program), **CODE, **more), tasks(QUESTIONS)


@sweep("kind", KINDS, every=2)
@pytest.mark.parametrize("seed", range(2))
def test_a_replay_leaves_the_rounds_that_a_live_run_leaves(
    records: dict[str, Recording], kind: str, seed: int
):
    replay = Replay(records[kind], give_up=any_table(seed))
    made = {result.id: result for result in replay_results(replay).results}
    outcomes, left = replay.outcomes(), 0
    cascade, asked = live(kind, seed, "none")
    for place, example in enumerate(asked):
        told, ours = cascade(**example.inputs()), made[example.id]
        assert (told.answer, told.round) == (ours.answer, ours.round)
        for mine, theirs in zip(ours.rounds, told.rounds, strict=True):
            for name in SAME:
                assert mine.get(name) == theirs.get(name), name
            left += "undrawn" in mine
        drawn = sum(record["asked"] for record in ours.rounds)
        assert outcomes.usage["small", "calls"][place] + (ours.round == 3) == drawn
    assert left > 3


@pytest.mark.parametrize("kind", KINDS)
def test_with_the_exact_rule_rounds_decide_the_same_with_fewer_samples(
    records: dict[str, Recording], kind: str
):
    outcomes = Replay(records[kind], give_up=any_table(0)).outcomes()
    cascade, asked = live(kind, 0, "exact")
    for place, example in enumerate(asked):
        told = cascade(**example.inputs())
        assert (told.answer, told.round) == (outcomes.answer[place], outcomes.round[place])
        drawn = sum(record["asked"] for record in told.rounds if record["round"] < 3)
        assert drawn <= outcomes.usage["small", "calls"][place]


@pytest.mark.parametrize("kind", KINDS)
def test_without_counts_a_replay_draws_all(records: dict[str, Recording], kind: str):
    whole, named = Replay(records[kind], preset(None)), Replay(records[kind])
    assert named.preset.rounds[0].give_up == "seconds"
    for one in (whole, named):
        assert all(round_.drawn is None for round_ in one.rounds)
    assert (whole.outcomes().round == named.outcomes().round).all()
