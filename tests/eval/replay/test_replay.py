"""A replay comes to what a live run comes to, call by call; what the record does not hold is said and never made up."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.recordings import examples, recorder, recording, team_of, unsure

from cope import Cascade, CopeError, Preset, load_preset
from cope.eval import Recording, Replay, replay_results, task_by_name
from cope.models import Price

QUESTIONS = 3
GATES = [(0.75, 0.5), (0.5, 0.25), (1.0, 1.0)]
TASK = task_by_name("jsonl")
NAMES = (
    "tier",
    "round",
    "role",
    "calls",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "unpriced",
    "usd",
)


def requests(models: Any) -> set[Any]:
    return {
        (ask.tier, ask.role, ask.system, ask.user, ask.seed, ask.temperature) for ask in models.asks
    }


def expected(usage: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**{name: row[name] for name in NAMES}, "usd": pytest.approx(row["usd"])} for row in usage
    ]


def compare(
    models: Any, recorded: set[Any], record: Recording, preset: Preset, seed: int, replay: Replay
) -> int:
    """Run every question live and hold it against the replay; returns on how many the record does not suffice."""
    made = {r.key: r for r in replay_results(replay).results}
    outcomes, unknown = replay.outcomes(), 0
    live = Cascade(preset, models.team, seed=seed, early_stop="none")
    for place, example in enumerate(examples(QUESTIONS)):
        models.small.requests.clear()
        models.large.requests.clear()
        told = live(question=example.question)
        if not requests(models) <= recorded:
            assert not outcomes.known[place], (
                "a call was needed that is not in the record, and the replay did not say so"
            )
            assert np.isnan(outcomes.score[place])
            unknown += 1
            continue
        assert outcomes.known[place], "all calls are in the record, and the replay asked for more"
        replayed = made[record.keys[place]]
        for name in ("answer", "round", "confidence", "votes"):
            assert getattr(replayed, name) == told[name], name
        assert replayed.score == asyncio.run(TASK.score(example, told.answer)).value
        assert [{name: row[name] for name in NAMES} for row in replayed.usage] == expected(
            told.usage
        )
        assert (
            replayed.usd == pytest.approx(told.cost)
            if told.cost is not None
            else replayed.usd is None
        )
        for ours, theirs in zip(replayed.rounds, told.rounds, strict=True):
            for name in (
                "round",
                "accepted",
                "answer",
                "confidence",
                "threshold",
                "votes",
                "supporters",
                "asked",
                "plan",
            ):
                assert ours[name] == theirs[name], name
    return unknown


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_a_replay_equals_a_live_run(tmp_path: Path, scripted: Callable[..., Any], seed: int):
    models = scripted(unsure, prices={"small": Price(1, 2), "large": Price(3, 4)})
    record = recording(
        recorder(models.team, "cope", "answer-cascade", "large", seed=seed), tmp_path, QUESTIONS
    )
    recorded = requests(models)
    unknown = 0
    for name, count, gates in [
        ("cope", 8, GATES[0]),
        ("cope", 8, GATES[1]),
        ("cope", 5, GATES[1]),
        ("cope", 1, GATES[0]),
        ("answer-cascade", 7, GATES[2]),
        ("answer-cascade", 2, GATES[0]),
        ("large", None, ()),
        ("self-plan", None, ()),
        ("self-consistency", 4, ()),
    ]:
        preset = load_preset(name).with_overrides(count, gates)
        lacking = compare(
            models,
            recorded,
            record,
            preset,
            seed,
            Replay(record, name, samples=count, thresholds=gates),
        )
        unknown += lacking
        if name in ("answer-cascade", "large") or (name, count) == ("cope", 8):
            assert lacking == 0
    assert unknown > 0


def test_early_stopping_asks_at_most_as_much_and_comes_to_the_same(
    tmp_path: Path, scripted: Callable[..., Any]
):
    models = scripted(unsure)
    record = recording(recorder(models.team, "cope"), tmp_path, QUESTIONS)
    live, outcomes = Cascade("cope", models.team), Replay(record).outcomes()
    for place, example in enumerate(examples(QUESTIONS)):
        told = live(question=example.question)
        assert (told.answer, told.round) == (outcomes.answer[place], outcomes.round[place])
        for tier in ("small", "large"):
            calls = sum(
                row["calls"] - row["cancelled"] for row in told.usage if row["tier"] == tier
            )
            assert calls <= outcomes.usage[tier, "calls"][place]


@pytest.mark.slow
def test_fewer_samples_hand_the_same_plan_on_where_they_may(tmp_path: Path):
    """The same vote leads, and the sample that handed its plan on is among the fewer: then the next round's calls are there."""

    def planning(ask: Any) -> str:
        said = unsure(ask)
        return f"Plan {ask.seed}." if ask.role == "plan" and said.strip() else said

    record = recording(recorder(team_of(planning), "cope"), tmp_path, 10)
    whole, fewer = Replay(record), Replay(record, samples=4)
    places, votes = np.arange(10), record.rounds[0].votes
    first, again = (replay.rounds[0].verdict for replay in (whole, fewer))
    assert first and again
    leads = (
        (first.leader >= 0)
        & (again.leader >= 0)
        & (votes[places, first.leader] == votes[places, again.leader])
    )
    # A lone supporter without a plan hands on another sample's; with one behind the majority the rule is plain.
    behind = (first.supporters & record.rounds[0].plans.astype(bool))[:, :4].any(axis=1)
    may = leads & behind & (first.forwarded < 4)
    assert fewer.known[may, 1].all() and 2 < may.sum() < 10
    assert fewer.known[:, 1].mean() > 0.2, "as often as the order allows, and not once in eight"


@pytest.mark.slow
def test_a_record_led_by_another_of_its_programs_replays_that_one(record: Recording):
    led = record.with_primary("large")
    assert list(led.programs) == ["large", "cope"] and led.preset.name == "large"
    np.testing.assert_array_equal(Replay(led).scores, Replay(record, "large").scores)
    with pytest.raises(CopeError, match="holds no rounds of 'larg': did you mean large"):
        record.with_primary("larg")


@pytest.mark.slow
def test_prices_of_the_user_are_put_on_the_recorded_tokens(record: Recording):
    free = Replay(record, prices={"small": Price(0, 0), "large": Price(1, 2)}).sweep((0.75, 0.5))
    large = free.total("prompt_tokens", "large") + 2 * free.completion_tokens("large")
    assert free.total("usd", "small") == 0
    assert free.total("usd", "large") == pytest.approx(large / 1e6)
    by_hour = Replay(record, prices={"large": Price(per_hour=3600)}).sweep((0.75, 0.5))
    assert by_hour.total("usd", "large") == pytest.approx(by_hour.total("seconds", "large"))


@pytest.mark.parametrize(
    ("program", "samples", "words"),
    [
        (
            "answer-cascade",
            None,
            "nearest is round 1 of cope: small plans there, the plans that it sees are others",
        ),
        ("cope", 9, "nearest is round 1 of cope: 8 samples there and not 9"),
        (
            "self-plan",
            None,
            "nearest is round 3 of cope: nobody plans there and not large, the plans that it sees are others",
        ),
    ],
)
def test_rounds_that_were_not_recorded_are_said_to_be_lacking(
    record: Recording, program: str, samples: int | None, words: str
):
    replay = Replay(record, program, samples=samples)
    made = replay_results(replay)
    ((why, count),) = made.unknown.items()
    assert (made.results, count) == ([], 12)
    assert why.startswith(f"round 1: its calls are not in the record; {words}")
    assert np.isnan(replay.outcomes().score).all()


def test_what_is_decided_before_the_lacking_round_is_known(record: Recording):
    cheap = load_preset("cope").model_copy(
        update={"rounds": (*load_preset("cope").rounds[:2], load_preset("large").rounds[0])}
    )
    replay = Replay(record, cheap, thresholds=(0.4, 0.3))
    made = replay_results(replay)
    whole = Replay(record, thresholds=(0.4, 0.3)).outcomes()
    assert len(made.results) == (whole.round < 3).sum() > 0
    assert sum(made.unknown.values()) == (whole.round == 3).sum() > 0
    assert "nearest is round 3 of cope: the plans that it sees are others" in next(
        iter(made.unknown)
    )


def test_the_same_words_under_other_samplings_are_other_calls(record: Recording):
    cope = load_preset("cope")
    hotter = cope.rounds[0].model_copy(update={"temperature": 0.5})
    (why, *_) = replay_results(
        Replay(record, cope.model_copy(update={"rounds": (hotter, *cope.rounds[1:])}))
    ).unknown
    assert "temperature or greatest length is another" in why


@pytest.mark.parametrize(
    "thresholds", [[(0.5,)], [(0.5, 0.5, 0.5)], [(0, 0.5)], [(0.5, 1.1)], [(0.5, float("nan"))]]
)
def test_thresholds_that_do_not_fit_are_refused(record: Recording, thresholds: Any):
    with pytest.raises(CopeError, match="threshold"):
        Replay(record).sweep(thresholds)
