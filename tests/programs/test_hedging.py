"""The next round's plan is started while the vote is open: the same answers, less time, and tokens for nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.plan_worlds import PLAN_TOKENS
from support.sweeps import sweep

from cope import Cascade, Preset, Team
from cope.errors import CopeError
from cope.eval.run.hedging import HedgingSummary
from cope.eval.run.store import QuestionResult
from cope.models import ScriptedEngine
from cope.programs.events import Planned, RoundStarted, use_observer
from cope.programs.hedging import EscalationChances, Hedge
from cope.programs.round_scope import use_rounds

ROUND, DRAWN, LEADING = 1, 1, 1
OFTEN = {"round": ROUND, "drawn": DRAWN, "leading": LEADING, "escalated": 8, "questions": 8}
LIKELY = Hedge(0.5, EscalationChances([OFTEN]))  # a chance of 90% after the first sample
Reply = Callable[[], str | Awaitable[str]]


class World:
    """A small model whose last sample of round 1 waits for a plan of the large one."""

    def __init__(self, votes: str, write: Reply = lambda: "Add them.", **planned: Any) -> None:
        self.plan_asked = asyncio.Event()
        self.votes, self.drawn = votes, 0
        self.small = ScriptedEngine(self.solve)
        self.large = ScriptedEngine(self.plan_or_solve)
        self.write = write
        sampled = {"reasoner": "small", "samples": len(votes), "temperature": 1.0}
        with_plan: dict[str, Any] = {"planner": "large", "plan": "goal", "sees": [2]} | planned
        with_plan = {key: value for key, value in with_plan.items() if value is not None}
        if "planner" in with_plan and with_plan["plan"] != "hint":
            with_plan["plan_max_tokens"] = PLAN_TOKENS
        rounds = [
            sampled | {"threshold": 0.6},
            sampled | {"samples": 1, "threshold": 1.0} | with_plan,
            {"reasoner": "large"},
        ]
        preset = Preset.model_validate({"name": "hedged", "rounds": rounds})
        team = Team(self.small, self.large, cache=False)
        self.cascade = Cascade(preset, team, early_stop="none")
        self.cascade.hedge = LIKELY

    async def solve(self, messages: list[dict[str, str]], request: Any) -> str:
        self.drawn += 1
        number = self.drawn
        if number == len(self.votes) and self.cascade.hedge is not None:
            await asyncio.wait_for(self.plan_asked.wait(), 60)
        return f"So.\nAnswer: {self.votes[number - 1] if number <= len(self.votes) else 7}"

    async def plan_or_solve(self, messages: list[dict[str, str]], request: Any) -> str:
        if request.config.max_tokens != PLAN_TOKENS:
            return "So.\nAnswer: 9"
        self.plan_asked.set()
        text = self.write()
        return text if isinstance(text, str) else await text

    async def ask(self) -> Any:
        return await self.cascade.acall(question="What is 3 + 4?")


async def never() -> str:
    await asyncio.Event().wait()
    raise AssertionError("nobody waits for this")


def test_the_plan_is_written_before_the_vote_is_over_and_used_once():
    async def ask() -> None:
        world, events = World("123"), []
        with use_observer(events.append):
            answered = await world.ask()
        assert (answered.answer, answered.round, answered.plan) == ("7", 2, "Add them.")
        first, second = answered.rounds
        assert first["hedge"]["used"] and first["hedge"]["seconds"] >= 0
        assert "hedge" not in second
        assert len(world.large.requests) == 1
        kinds = [type(event) for event in events if isinstance(event, RoundStarted | Planned)]
        assert kinds == [RoundStarted, RoundStarted, Planned]

    asyncio.run(ask())


def test_a_plan_that_is_not_needed_is_stopped_at_the_engine_and_counted():
    async def ask() -> None:
        world = World("112", never)
        answered = await world.ask()
        assert (answered.answer, answered.round) == ("1", 1)
        assert answered.rounds[0]["hedge"] == {"used": False, "seconds": 0.0}
        assert world.large.cancelled == 1
        (row,) = [row for row in answered.usage if row["role"] == "plan"]
        assert (row["tier"], row["round"], row["calls"]) == ("large", 2, 1)
        result = QuestionResult("k", "q0", "q", "7", answer="1", score=0.0)
        result.rounds, result.usage = answered.rounds, answered.usage
        summary = HedgingSummary.of_results([result])
        assert summary == HedgingSummary(1, 0, 0.0, row["prompt_tokens"])
        assert "1 plan early and used 0" in summary.text()

    asyncio.run(ask())


@pytest.mark.parametrize(("votes", "fails"), [("112", False), ("123", True)])
def test_a_plan_that_fails_matters_only_where_it_is_needed(votes: str, fails: bool):
    def broken() -> str:
        raise RuntimeError("no plan today")

    async def ask() -> None:
        world = World(votes, broken)
        if not fails:
            assert (await world.ask()).answer == "1"
            return
        with pytest.raises(Exception, match="no plan today"):
            await world.ask()

    asyncio.run(ask())


def test_a_question_that_is_cancelled_stops_its_early_plan():
    async def ask() -> None:
        world = World("123", never)
        asking = asyncio.ensure_future(world.ask())
        await asyncio.wait_for(world.plan_asked.wait(), 60)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert world.large.cancelled == 1 and world.large.running == 0

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("planned", "limit"),
    [
        ({"plan": "diagnosis"}, 0.5),  # its planner reads the votes
        (
            {"plans": 3, "samples": 3, "plan_temperature": 1.0},
            0.5,
        ),  # each sample has a plan of its own
        ({"plan": "blueprint", "planner": None}, 0.5),  # no model writes it
        ({"plan": None, "planner": None, "sees": None}, 0.5),
        ({}, 0.9),  # the chance is 90%, and not above
    ],
)
def test_the_plan_waits_for_the_vote(planned: dict[str, Any], limit: float):
    async def ask() -> None:
        world = World("112", **planned)
        world.plan_asked.set()
        world.cascade.hedge = Hedge(limit, LIKELY.chances)
        answered = await world.ask()
        assert (answered.answer, answered.round) == ("1", 1)
        assert "hedge" not in answered.rounds[0] and world.large.requests == []

    asyncio.run(ask())


@sweep("votes", ["112", "123", "111", "121", "211"], every=3)
@pytest.mark.parametrize("hint", [False, True])
def test_answers_and_plans_are_those_without_hedging(votes: str, hint: bool):
    planned = {"plan": "hint", "hint_tokens": PLAN_TOKENS} if hint else {}

    async def ask(hedge: Hedge | None) -> tuple[Any, ...]:
        world = World(votes, **planned)
        world.cascade.hedge = hedge
        world.plan_asked.set()
        answered = await world.ask()
        return answered.answer, answered.round, answered.plan, answered.votes

    assert asyncio.run(ask(LIKELY)) == asyncio.run(ask(None))


def test_a_state_that_the_record_does_not_have_starts_nothing():
    chances = EscalationChances([OFTEN])
    assert chances.chance(1, 1, 1) == 0.9
    assert chances.chance(1, 2, 1) == chances.chance(2, 1, 1) == 0.0


@pytest.mark.parametrize(
    "reports",
    [{}, {"escalation": None}, {"escalation": {}}, {"escalation": [{"round": 1}]},
     {"escalation": [OFTEN | {"escalated": -1}]}, {"escalation": ["x"]}],
)  # fmt: skip
def test_a_calibration_without_readable_counts_is_one_line(reports: dict[str, Any]):
    with pytest.raises(CopeError, match="c.json") as refused:
        Hedge.from_reports(0.5, reports, "c.json")
    assert "\n" not in str(refused.value)


def test_a_plan_of_a_round_that_is_out_of_scope_is_not_started():
    async def ask() -> None:
        world = World("123")
        world.plan_asked.set()
        with use_rounds(1, 1):
            answered = await world.ask()
        assert answered.round == 1 and world.large.requests == []

    asyncio.run(ask())


def test_a_round_that_fails_before_it_takes_its_plan_stops_it(monkeypatch: pytest.MonkeyPatch):
    async def ask() -> None:
        world = World("123", never)
        run_round = world.cascade.run_round

        async def fails_later(round_: Any, *more: Any) -> Any:
            if round_.number == 2:
                raise RuntimeError("no second round")
            return await run_round(round_, *more)

        monkeypatch.setattr(world.cascade, "run_round", fails_later)
        with pytest.raises(RuntimeError, match="no second round"):
            await world.ask()
        assert world.large.cancelled == 1 and world.large.running == 0

    asyncio.run(ask())
