"""A budget is a hard cap on the total, and what is known when it is used up is not lost."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from dspy.dsp.utils.settings import thread_local_overrides
from dspy.lm15 import ContextLengthError
from dspy.teleprompt.teleprompt import Teleprompter
from support.compile_world import (
    ANY_PRESET,
    MAGIC,
    PROPOSAL,
    VAL,
    World,
    compiled,
    number_in,
    question,
    reply as usual,
)
from support.sweeps import mostly_slow

from cope import Cascade
from cope.errors import CopeError
from cope.models import BudgetGuard, Call, Halt, Price, Usage, admission_control
from cope.models.budget import BudgetExhausted
from cope.models.meter import MachineTimeAccountant
from cope.optimize import Budget


class Counting:
    def __init__(self) -> None:
        self.admitted, self.settled = 0, 0

    def before_call(self) -> None:
        self.admitted += 1

    def on_error(self, call: Call, error: Exception) -> None:
        raise AssertionError(error)

    def after_call(self, call: Call) -> None:
        self.settled += 1


@pytest.mark.parametrize(
    "optimizer", mostly_slow(ANY_PRESET, "bootstrap-few-shot", "copro", "gepa", "infer-rules")
)
def test_the_smallest_budget_that_is_taken_is_kept_to(optimizer: str, tmp_path: Path):
    """The error names the least; with as much, calls at the engines stay within it, and nothing is asked afterwards."""
    with pytest.raises(CopeError, match="too few for one step") as refused:
        compiled(optimizer, "small", tmp_path / "refused", budget=Budget(calls=5))
    least = int(str(refused.value).split("it needs at least ")[1].split()[0])
    assert f"give --budget-calls {least}" in str(refused.value)
    run = compiled(optimizer, "small", tmp_path / "taken", budget=Budget(calls=least))
    assert run.asked <= run.made.usage.calls <= least
    assert run.made.after.accuracy >= run.made.before.accuracy
    time.sleep(0.01)
    assert run.world.asked == run.asked


def test_of_an_optimizer_that_is_stopped_the_best_known_program_is_kept_and_validated(
    tmp_path: Path,
):
    """COPRO scores its proposals on training questions alone: the reserve is there to validate the best of them."""
    run = compiled("copro", "small", tmp_path, World(proposal=steps()), budget=Budget(calls=40))
    made = run.made
    assert made.stop_reason == "the budget of 40 calls is used up, but for a last validation"
    assert made.improved and MAGIC in made.program.round_1.reasoner.predict.signature.instructions
    assert len(made.after.values) == len(made.before.values) == 4
    assert run.asked <= made.usage.calls <= 40


def steps() -> Any:
    """Proposals that never end, each another one."""
    count = iter(range(1000))
    return lambda messages, request: f"{PROPOSAL} Number {next(count)}."


def test_tokens_pass_their_bound_by_no_more_than_what_is_in_flight(tmp_path: Path):
    run = compiled(
        "copro", "small", tmp_path, World(proposal=steps(), delay=0.001), budget=Budget(tokens=1100)
    )
    most = max((call.prompt_tokens or 0) + (call.completion_tokens or 0) for call in run.calls)
    assert (
        run.made.stop_reason == "the budget of 1,100 tokens is used up, but for a last validation"
    )
    assert run.made.usage.totals()["tokens"] <= 1100 + 8 * most


PRICES = {"small": Price(100, 200), "large": Price(100, 200)}


def test_money_passes_its_bound_by_no_more_than_what_is_in_flight(tmp_path: Path):
    world = World(proposal=steps(), delay=0.001, prices=PRICES)
    run = compiled(
        "copro", "small", tmp_path, world, budget=Budget(usd=0.12), proposer_price=Price(100, 200)
    )
    assert run.made.stop_reason == "the budget of 0.12 usd is used up, but for a last validation"
    most = max(call.usd or 0.0 for call in run.calls)
    spent = run.made.usage.total_usd
    assert spent is not None and 0.06 < spent <= 0.12 + 8 * most
    assert spent == pytest.approx(sum(call.usd or 0.0 for call in run.calls))


def test_model_time_passes_its_bound_by_no_more_than_what_is_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(MachineTimeAccountant, "stop", lambda self, share, model: 0.01)
    run = compiled(
        "copro", "small", tmp_path, World(proposal=steps(), delay=0.001), budget=Budget(seconds=0.4)
    )
    assert run.made.stop_reason == "the budget of 0.4 seconds is used up, but for a last validation"
    assert 0.2 < run.made.usage.totals()["seconds"] <= 0.4 + 8 * 0.01
    assert run.made.usage.machine_seconds == pytest.approx(0.01 * len(run.calls))


@pytest.mark.parametrize("name", ["calls", "tokens", "usd", "seconds"])
def test_every_bound_empties_the_purse(name: str):
    guard = BudgetGuard(Budget(**{name: 5}), Usage.from_totals(4, 4, 4.0, 4.0))
    guard.before_call()
    guard.after_call(Call(prompt_tokens=1, usd=1.0, machine_seconds=1.0, seconds=1.0))
    with pytest.raises(BudgetExhausted, match=f"the budget of 5 {name} is used up"):
        guard.before_call()


@pytest.mark.parametrize("priced", [True, False])
def test_a_question_that_fails_does_not_end_a_budget_in_money(priced: bool, tmp_path: Path):
    """It has no tokens and costs nothing, where its tier has a price."""

    def failing(tier: str, messages: list[dict[str, str]], request: Any) -> str:
        if number_in(messages[-1]["content"]) == 9:
            raise ContextLengthError("too long")
        return usual(tier, messages, request)

    world = World(failing, prices=PRICES if priced else {})
    budget = Budget(usd=1.0) if priced else Budget(calls=100)
    made = compiled("bootstrap-few-shot", "small", tmp_path, world, budget=budget).made
    assert (
        made.stop_reason is None and made.after.values[[e.answer for e in VAL].index("18")] == 0.0
    )
    assert (made.usage.total_usd is not None) == priced


def test_threads_that_are_left_behind_ask_nothing_more(tmp_path: Path):
    """As DSPy's own threads do, these carry its settings; they come to their question when the compile is over."""
    late, over, said = threading.Event(), threading.Event(), []

    class Leaving(Teleprompter):
        def compile(self, student: Any, *, trainset: Any) -> Any:
            settings = thread_local_overrides.get()

            def work() -> None:
                thread_local_overrides.set(settings)
                late.wait(5)
                try:
                    student(question=question(99))
                except Halt as halt:
                    said.append(str(halt))
                over.set()

            threading.Thread(target=work).start()
            return student

    run = compiled(Leaving(), "small", tmp_path)
    late.set()
    assert over.wait(5) and said == ["this part of the compile is over"]
    assert run.world.asked == run.asked


def test_a_request_for_several_replies_is_several_calls():
    """COPRO asks for all its proposals at once."""
    world, counting = World(lambda *_: "Yes."), Counting()
    with admission_control(counting):
        replies = world.team["large"].lm("Is it so?", n=3, temperature=1.0)
    assert len(replies) == len(world.large.requests) == counting.admitted == counting.settled == 3


def test_a_purse_keeps_something_back_and_counts_earlier_attempts():
    guard = BudgetGuard(Budget(calls=10), Usage.from_totals(calls=3))
    with guard.set_aside(Usage.from_totals(calls=5)):
        guard.before_call()
        guard.before_call()
        with pytest.raises(BudgetExhausted):
            guard.before_call()
    assert guard.remaining("calls") == 5
    guard.after_call(Call(cancelled=True))  # nobody was asked after all
    assert guard.remaining("calls") == 6


@pytest.mark.parametrize("bound", [{"calls": 0}, {"tokens": -1}, {"usd": 0.0}, {"seconds": 0}])
def test_a_budget_of_nothing_is_refused(bound: dict[str, Any]):
    with pytest.raises(CopeError, match="allows nothing"):
        Budget(**bound)


@pytest.mark.slow
def test_an_interrupted_compile_keeps_enough_back_to_validate(tmp_path: Path):
    """The first validation is free when a compile goes on, and says nothing then of what the last one takes."""
    program = lambda: Cascade("plan-then-solve", World().team)  # noqa: E731
    first = compiled("bootstrap-few-shot", program(), tmp_path, budget=Budget(calls=60)).made
    again = compiled(
        "copro",
        program(),
        tmp_path,
        World(usual, steps()),
        budget=Budget(calls=first.usage.calls + 60),
    )
    assert again.made.improved and again.made.after.accuracy == 1.0
