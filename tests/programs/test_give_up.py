"""A round that will not succeed is left, in states that were learned from a record; what lacks them is refused."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from support.give_up_worlds import SAMPLES, preset, table
from support.recordings import team_of

from cope import Cascade, CopeError, Preset
from cope.programs.calibration_fingerprints import calibration_fingerprint
from cope.programs.confidence.base import Sample
from cope.programs.confidence.votes import VoteShare
from cope.programs.events import RoundDecided, use_observer
from cope.programs.give_up import GiveUp, check_counts
from cope.programs.identity import ProgramIdentity
from cope.programs.round_text import describe_round
from cope.programs.sampling import draw_samples

STATE = {
    "round": 1,
    "drawn": 2,
    "leading": 1,
    "escalated": 3,
    "questions": 3,
    "leaves": ["seconds"],
}


def split_vote(ask: Any) -> str:
    """All small samples say something else; the large tier says 9."""
    return f"So.\nAnswer: {9 if ask.tier == 'large' else 10 + ask.seed % 10_000}"


def cascade(*states: tuple[int, int, int], **more: Any) -> Cascade:
    return Cascade(preset(), team_of(split_vote), give_up=table(*states), **more)


@pytest.mark.parametrize("early_stop", ["exact", "none"])
def test_a_round_is_left_in_the_states_of_the_table(early_stop: str):
    events: list[Any] = []
    with use_observer(events.append):
        told = cascade((1, 2, 1), (2, 1, 1), early_stop=early_stop)(question="What is 4 + 5?")
    first, second, third = told.rounds
    assert (told.answer, told.round) == ("9", 3)
    assert [first["asked"], second["asked"]] == [2, 1]
    assert [first["undrawn"], second["undrawn"], third.get("undrawn")] == [3, 4, None]
    assert first["confidence"] == 1 / SAMPLES and not first["accepted"]
    decided = [event.reason for event in events if isinstance(event, RoundDecided)]
    assert decided[0] == "3 more of 5 samples are not worth their seconds"
    explained = VoteShare().explain(first, SAMPLES)
    assert explained == "1 of 2 samples agree (3 more were not worth their cost)"


@pytest.mark.parametrize("states", [(), ((1, 2, 2), (2, 5, 1), (3, 1, 1))])
def test_a_round_is_not_left_in_other_states(states: tuple[tuple[int, int, int], ...]):
    told = cascade(*states, early_stop="none")(question="What is 4 + 5?")
    assert [record["asked"] for record in told.rounds] == [SAMPLES, SAMPLES, 1]
    assert not any("undrawn" in record for record in told.rounds)


def test_more_questions_are_in_flight_where_fewer_samples_are():
    team = team_of(split_vote, limits={"small": 10})
    counts = []
    for rule in (table(), table((1, 2, 1)), table((1, 4, 1))):
        counts.append(Cascade(preset(), team, give_up=rule).concurrency())
    assert counts == [3, 6, 4]  # five, two and four samples of a question at once, and one more


def test_samples_that_may_not_be_drawn_are_not_requested():
    told = cascade((1, 2, 1), (2, 3, 1), (2, 5, 1), early_stop="none")(question="What is 4 + 5?")
    calls = {row["round"]: row["calls"] for row in told.usage}
    assert calls == {1: 2, 2: 3, 3: 1}
    told = cascade((1, 2, 2), early_stop="none")(question="What is 4 + 5?")
    assert {row["round"]: row["calls"] for row in told.usage} == {1: SAMPLES, 2: SAMPLES, 3: 1}


def test_an_answer_that_is_accepted_so_far_is_not_left():
    team = team_of(lambda ask: "So.\nAnswer: 4")
    told = Cascade(preset(), team, give_up=table((1, 3, 3)), early_stop="none")(question="2 + 2?")
    assert (told.answer, told.round, told.rounds[0]["asked"]) == ("4", 1, SAMPLES)


def test_samples_are_counted_in_their_order_however_fast_they_are():
    async def drawn(ticks: list[int]) -> list[int]:
        async def make(index: int) -> Sample:
            for _ in range(ticks[index]):
                await asyncio.sleep(0)
            return Sample(index, answer=str(index))

        tally = VoteShare().tally(range(4))
        options = {"threshold": 0.75, "forwards_plan": False, "early_stop": "none"}
        samples = await draw_samples(range(4), make, tally, **options, leaves=lambda n: n == 2)
        return [sample.index for sample in samples]

    for ticks in ([9, 0, 0, 0], [0, 9, 5, 1], [3, 2, 1, 0]):
        assert asyncio.run(drawn(ticks)) == [0, 1]


def test_a_program_without_counts_is_refused_and_says_what_to_do():
    without = Cascade(preset(), team_of(split_vote))
    with pytest.raises(CopeError, match=r"rounds\.1\.give_up .* --calibration FILE"):
        without(question="What is 4 + 5?")
    check_counts(preset(None), None)


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ({}, "run cope calibrate again"),
        ({"give_up": {"worth": {}, "states": []}}, "does not know seconds: name nothing"),
        ({"give_up": {"worth": {"cost": 1.0}, "states": []}}, "seconds: name cost"),
        ({"give_up": [STATE]}, "c.json is damaged: give_up"),
        ({"give_up": {"worth": {}, "states": [STATE | {"drawn": -1}]}}, "c.json is damaged"),
        ({"give_up": {"worth": {}, "states": [STATE | {"leaves": 3}]}}, "c.json is damaged"),
    ],
)
def test_counts_that_lack_something_are_refused(reports: dict[str, Any], said: str):
    with pytest.raises(CopeError, match=said) as error:
        GiveUp.from_reports(reports, preset(), "c.json")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"give_up": "second"}, "no measure is named 'second': did you mean seconds"),
        ({"give_up": True}, "is not a value of this field"),
    ],
)
def test_a_preset_names_a_measure(changed: dict[str, Any], said: str):
    rounds = [{"reasoner": "small", "threshold": 0.5} | changed, {"reasoner": "large"}]
    with pytest.raises(CopeError, match=said):
        Preset.model_validate({"name": "p", "rounds": rounds})


def test_a_round_that_may_be_left_is_described():
    described = [describe_round(preset("cost"), number, "short-answer") for number in (1, 3)]
    assert described[0].endswith(", left where more samples are not worth their cost")
    assert "left" not in described[1]


def test_the_last_round_cannot_be_left():
    rounds = [{"reasoner": "small", "threshold": 0.5}, {"reasoner": "large", "give_up": "cost"}]
    with pytest.raises(CopeError, match=r"rounds\.2\.give_up: the last round returns its answer"):
        Preset.model_validate({"name": "p", "rounds": rounds})


def test_a_confidence_that_is_neither_votes_nor_tests_is_refused():
    rounds = json.loads(preset().model_dump_json())["rounds"]
    rounds[0]["confidence"] = "perplexity"
    other = Preset.model_validate({"name": "p", "rounds": rounds})
    with pytest.raises(CopeError, match=r"rounds\.1\.give_up: it is for votes and tests"):
        Cascade(other, team_of(split_vote))


def test_fingerprints_of_rounds_without_the_rule_stay_and_a_calibration_fits_both(tmp_path: Path):
    plain, left = preset(None), preset()
    assert "give_up" not in plain.rounds[0].identity()
    assert left.rounds[0].identity()["give_up"] == "seconds"
    identities = [ProgramIdentity.of_preset(one, "short-answer") for one in (plain, left)]
    assert len({calibration_fingerprint(one) for one in identities}) == 1
    settings = cascade((1, 2, 1)).settings()
    assert settings["give_up_states"] != cascade((1, 3, 1)).settings()["give_up_states"]
    assert "give_up_states" not in Cascade(plain, team_of(split_vote), give_up=table()).settings()
