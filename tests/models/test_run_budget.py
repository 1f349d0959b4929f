"""A budget in USD: no more is spent than the limit and one round, whatever runs at the same time."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from cope import Cascade, Team
from cope.errors import CopeError
from cope.models import Call, Price, ScriptedEngine, admission_control, metered
from cope.models.budget import Budget, BudgetExhausted, BudgetGuard
from cope.models.run_budget import RunBudget, limited_question, spent_before
from cope.models.spending import budget_round, use_gate

DOLLAR_A_WORD = Price(output_per_million=1e6)
MOST = 8
"""Words of a reply at most."""


def words_of(prompt: str) -> int:
    return int(prompt.split()[-1])


def team(answer: Any = None, price: Price | None = DOLLAR_A_WORD, **options: Any) -> Team:
    """A model that writes as many words as the prompt's last number says, after as many turns."""

    async def wordy(messages: list[dict[str, str]], request: Any) -> str:
        count = words_of(messages[-1]["content"])
        for _ in range(count % 4):
            await asyncio.sleep(0)
        return " ".join(["word"] * count)

    engine = ScriptedEngine(answer or wordy)
    prices = {"small": price, "large": price} if price else {}
    options = {"max_tokens": MOST, **options}
    return Team(engine, engine, prices=prices, cache=False, **options)


Question = list[list[int]]
"""The words of each call, by round."""


def ask_all(questions: list[Question], ask: Any) -> float:
    """Ask all questions at once; return what their calls cost."""

    async def scene() -> None:
        await asyncio.gather(*(ask(question) for question in questions))

    with metered() as meter:
        asyncio.run(scene())
    return meter.total().usd or 0.0


async def make_rounds(lm: Any, question: Question) -> None:
    for sizes in question:
        with budget_round():
            await asyncio.gather(*(lm.acall(f"write {size}") for size in sizes))


QUESTIONS = st.lists(
    st.lists(st.lists(st.integers(1, MOST), min_size=1, max_size=4), min_size=1, max_size=3),
    min_size=1,
    max_size=6,
)


@settings(max_examples=30)
@given(QUESTIONS, st.integers(1, 60))
def test_one_round_at_most_goes_beyond_the_limit(questions: list[Question], limit: int):
    lm, budget = team()["small"].lm, RunBudget(limit)
    budget.begin()

    async def ask(question: Question) -> None:
        async with budget.question() as allowed:
            if allowed:
                await make_rounds(lm, question)

    spent = ask_all(questions, ask)
    dearest = max(sum(sizes) for question in questions for sizes in question)
    assert spent == budget.spent <= limit + dearest
    everything = sum(sum(sizes) for question in questions for sizes in question)
    assert budget.stopped == (spent < everything)
    assert not budget.stopped or f"spent ${spent:.4f}" in str(budget.stop_reason)


@settings(max_examples=30)
@given(QUESTIONS, st.integers(1, 60))
def test_a_compile_keeps_to_it_too(questions: list[Question], limit: int):
    lm, guard = team()["small"].lm, BudgetGuard(Budget(usd=limit))
    stops: list[BaseException] = []
    gate = guard.spending_gate(stops.append)

    async def ask(question: Question) -> None:
        try:
            with admission_control(guard), use_gate(gate):
                await make_rounds(lm, question)
        except BudgetExhausted as halt:
            stops.append(halt)

    spent = ask_all(questions, ask)
    dearest = max(sum(sizes) for question in questions for sizes in question)
    assert spent == (guard.used.usd or 0.0) and spent <= limit + dearest
    assert bool(stops) or spent == sum(sum(s) for question in questions for s in question)


def test_calls_run_together_while_they_fit():
    models = team()
    budget, lm = RunBudget(1000), models["small"].lm
    budget.begin([[]])

    async def ask(question: Question) -> None:
        async with budget.question():
            await make_rounds(lm, question)

    ask_all([[[3] * 4]] * 3, ask)
    assert isinstance(lm.engine, ScriptedEngine) and lm.engine.most_running == 8


def test_what_is_in_flight_at_the_stop_is_counted():
    earlier = {"tier": "small", "hits": 0, "usd": 20.0, "usd_low": 20.0, "usd_high": 20.0}
    budget, lm = RunBudget(50), team()["small"].lm
    engine = lm.engine
    assert isinstance(engine, ScriptedEngine)
    budget.begin([[earlier]])

    async def ask(question: Question) -> None:
        while len(question) == 1 and engine.running < 4:
            await asyncio.sleep(0)  # the others have begun
        async with budget.question() as allowed:
            if allowed:
                await make_rounds(lm, question)

    assert ask_all([[[7, 7], [1]], [[7, 7], [1]], [[1]]], ask) == budget.spent == 30
    reason = "no further question (spent $30.0000, with 4 calls in flight at the stop)"
    assert budget.stop_reason and reason in budget.stop_reason


def test_one_question_of_a_cascade_stops_before_its_next_round():
    """Once such a question spent $203 of $10."""
    turn = iter(range(1000))
    models = team(lambda messages, request: f"so it is\nAnswer: {next(turn)}")
    budget = RunBudget(10)

    async def ask() -> Any:
        async with budget.question() as allowed:
            assert allowed
            return await Cascade("cope", models, early_stop="none").acall(question="What?")
        return "stopped"

    with metered() as meter:
        assert asyncio.run(ask()) == "stopped"
    rounds = [usage.usd for usage in meter.group_by("round").values()]
    assert len(rounds) == 1 and rounds[0] == budget.spent and budget.spent > 10
    assert "no further round" in str(budget.stop_reason)


def test_a_single_question_ends_in_one_line():
    models = team(lambda messages, request: "so\nAnswer: 1")
    reason = r"the budget of \$2 is used up .* larger --budget"
    lm = models["small"].lm
    with pytest.raises(CopeError, match=reason), limited_question(2):
        assert [lm(prompt) for prompt in "ab"]
    with limited_question(None):
        models["small"].lm("c")


@pytest.mark.parametrize(
    ("tokens", "price", "reason"),
    [(None, DOLLAR_A_WORD, "tier small reports none"), (3, None, "give --price TIER=IN/OUT")],
    ids=["a silent server", "no price"],
)
def test_the_reason_is_said_when_a_cost_cannot_be_known(
    tokens: int | None, price: Price | None, reason: str, monkeypatch: pytest.MonkeyPatch
):
    lm, budget = team(price=price)["small"].lm, RunBudget(5)
    real = type(lm).update_history

    def silent(self: Any, entry: dict[str, Any]) -> None:
        real(self, entry if tokens else entry | {"usage": {}, "response": None})

    monkeypatch.setattr(type(lm), "update_history", silent)

    async def ask() -> None:
        async with budget.question():
            await lm.acall("write 3")

    with metered() as meter, pytest.raises(CopeError, match=reason):
        asyncio.run(ask())
    assert len(meter.calls) == 1, "it was made, and is recorded"


def test_earlier_attempts_count_at_todays_prices_and_a_caches_replies_do_not():
    call = {"tier": "small", "prompt_tokens": 0, "completion_tokens": 2, "usd": 9.0}
    calls = [call, call | {"cancelled": True}, call | {"hit": True}, call | {"tier": "large"}]
    calls[1] |= {"unreported_completion": 3, "usd": None, "usd_low": 2.0, "usd_high": 5.0}
    assert spent_before(calls, {}) == 9 + 5 + 9
    calls[0]["prompt_tokens"] = 1
    assert spent_before(calls[:3], {"small": Price(0, 2e6)}) == 4 + 10


@pytest.mark.parametrize("usd", [0, -1])
def test_a_budget_that_allows_nothing_is_refused(usd: float):
    with pytest.raises(CopeError, match="allows nothing"):
        RunBudget(usd)


def test_a_compile_names_the_server_that_reports_no_tokens():
    guard = BudgetGuard(Budget(usd=1.0))
    guard.after_call(Call(tier="far", prompt_tokens=None, completion_tokens=None, seconds=1.0))
    with pytest.raises(CopeError, match="server of tier far reports none"):
        guard.before_call()
