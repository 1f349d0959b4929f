"""A system is asked: its calls are metered and booked to its stages, its prediction is checked."""

import asyncio
from typing import Any

import dspy
import pytest
from support.three_tiers import three_tier_team, write_preset

from cope import Cascade, CopeError, Team
from cope.models import Price, ScriptedEngine
from cope.programs import Stage, SystemAnswer, SystemOptions, ask_system, at_stage, make_cascade

QUESTION = {"question": "What is 3 + 1?"}


class Scripted:
    """A system whose prediction the test gives."""

    name, domain, tiers = "scripted", "short-answer", ("small",)
    stages = (Stage(1, "first", ("small",)), Stage(2, "second", ("small",)))

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        return dspy.Prediction(**self.fields)

    def fingerprint(self) -> str:
        return ""

    def settings(self) -> dict[str, Any]:
        return {}

    def concurrency(self) -> int:
        return 1


class Staged(Scripted):
    """A cascade that starts at a later stage, after a call of the system's own."""

    stages = tuple(Stage(number, "", ()) for number in range(1, 5))

    def __init__(self, cascade: Cascade) -> None:
        super().__init__()
        self.cascade = cascade
        self.route = dspy.Predict("question -> reasoning, answer")

    async def acall(self, **inputs: Any) -> dspy.Prediction:
        with self.cascade.team["mid"].context():
            await self.route.acall(**inputs)
        with at_stage(2):
            return await self.cascade.acall(**inputs)


def ask(system: Any) -> SystemAnswer:
    return asyncio.run(ask_system(system, QUESTION))


@pytest.fixture
def cascade(tmp_path) -> Cascade:
    prices = {tier: Price(1, 2) for tier in ("small", "mid", "frontier")}
    return Cascade(str(write_preset(tmp_path)), three_tier_team(prices=prices))


def test_a_cascade_is_asked_as_it_answers_by_itself(cascade: Cascade):
    alone = cascade(**QUESTION)
    answer = ask(cascade)
    assert (answer.answer, answer.round, answer.votes) == (alone.answer, alone.round, alone.votes)
    assert answer.confidence == alone.confidence
    for row in (*answer.usage, *alone.usage):
        row["seconds"] = row["machine_seconds"] = 0.0
    assert (answer.usage, answer.usd) == (alone.usage, alone.cost)
    for record in (*answer.rounds, *alone.rounds):
        record["seconds"] = 0.0
    assert answer.rounds == alone.rounds


def test_a_cascade_at_a_later_stage_counts_its_rounds_from_there(cascade: Cascade):
    alone = cascade(**QUESTION)
    answer = ask(Staged(cascade))
    assert answer.answer == alone.answer and answer.round == alone.round + 1
    assert [record["round"] for record in answer.rounds] == list(range(2, answer.round + 1))
    booked = {(row["round"], row["role"], row["tier"]): row["calls"] for row in answer.usage}
    assert booked.pop((1, "reason", "mid")) == 1, "the system's own call"
    inside = {(row["round"] + 1, row["role"], row["tier"]): row["calls"] for row in alone.usage}
    assert booked == inside
    assert answer.usd is not None and answer.usd > alone.cost
    assert cascade(**QUESTION).round == alone.round, "the stage ends with its block"


def test_a_prediction_with_an_answer_alone_is_one_sample_of_the_first_stage():
    answer = ask(Scripted(answer="4", reasoning="3 and 1"))
    assert (answer.round, answer.confidence, answer.votes) == (1, None, {"4": 1})
    (record,) = answer.rounds
    assert (record["round"], record["confidence"], record["accepted"]) == (1, 1.0, True)
    assert record.get("samples", [])[0]["reasoning"] == "3 and 1"
    assert (answer.usage, answer.usd) == ([], 0.0), "no call costs nothing"


def test_what_the_prediction_says_of_itself_counts():
    answer = ask(Scripted(answer=None, round=2, confidence=0.25, votes={"4": 1, "5": 1}))
    assert (answer.answer, answer.round, answer.confidence) == (None, 2, 0.25)
    assert answer.votes == {"4": 1, "5": 1}
    assert answer.rounds[0]["round"] == 2 and answer.rounds[0]["supporters"] == []


def test_a_reply_that_cannot_be_read_is_no_answer():
    class Unreadable(Scripted):
        async def acall(self, **inputs: Any) -> dspy.Prediction:
            with at_stage(2), Team(small=ScriptedEngine(lambda m, r: " "))["small"].context():
                return await dspy.Predict("question -> answer").acall(**inputs)

    answer = ask(Unreadable())
    assert (answer.answer, answer.round, answer.confidence) == (None, 2, None)
    assert [(row["round"], row["calls"]) for row in answer.usage] == [(2, 1)]
    assert (answer.rounds[0]["votes"], answer.rounds[0]["confidence"]) == ({}, 0.0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reply": "4"}, "without `answer`"),
        ({"answer": "4", "round": 3}, "answered in stage 3, and it has 2"),
        ({"answer": "4", "round": 0}, "answered in stage 0, and it has 2"),
    ],
)
def test_a_prediction_that_does_not_fit_is_an_error(fields: dict[str, Any], message: str):
    with pytest.raises(CopeError, match=message):
        ask(Scripted(**fields))


def test_cascades_of_a_system_have_its_options():
    options = SystemOptions("short-answer", "text", seed=7, early_stop="none")
    made = make_cascade("large", Team(), options)
    assert (made.answer_kind, made.seed, made.early_stop) == ("text", 7, "none")
    assert make_cascade("small", Team(), SystemOptions("code")).domain == "code"
