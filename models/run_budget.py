"""The budget of a run: whole questions are reserved, and every round inside them is checked."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from ..errors import CopeError
from ..util.json_types import JsonObject
from ..util.text import plural
from .admission import Halt
from .budget import BudgetExhausted, UsageRows, cost_for_budget, unknown_cost_error
from .call import Call
from .call_price import apply_price
from .meter import metered
from .prices import Price
from .spending import SpendingGate, use_gate


class RunBudget:
    """Keeps the cost of a run within a budget.

    No question starts that would exceed it if it cost as much as the most expensive one so far, so
    that few questions are left incomplete. A question that costs more than all before it is
    stopped before the next of its rounds. What is counted is what is really spent: not the replies
    of a cache, and also the calls of failed questions and of earlier attempts. A cancelled call
    counts with its cost at most.

    Args:
        usd: the most that the run may cost in USD; None for no limit.
        spent: the cost of the calls of earlier attempts.
        prices: prices by tier for calls that have none.

    Raises:
        CopeError: for a limit that is not above 0.

    >>> RunBudget(None).stop_reason is None
    True
    """

    def __init__(
        self,
        usd: float | None,
        *,
        spent: float = 0.0,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        if usd is not None and usd <= 0:
            raise CopeError(
                f"a budget of {usd:g} usd allows nothing: give more than 0, or none at all"
            )
        self.usd, self.spent = usd, spent
        self._prices = dict(prices or {})
        self.gate = SpendingGate(
            limit=lambda: usd or 0.0,
            spent=lambda: self.spent,
            stopped=self._stop_round,
            on_end=self._book,
            on_answer=self._check_cost,
        )
        self._refused: str | None = None
        self._in_flight_at_stop = 0
        self.begin()

    def begin(self, questions: Iterable[UsageRows] = ()) -> None:
        """Begin the questions of a system.

        Args:
            questions: the usage of each question that it answered earlier.
        """
        costs = [] if self.usd is None else [cost_for_budget(usage) for usage in questions]
        self._max_question: float | None = max(costs, default=None)
        self._finished = self.spent
        self._running = 0
        self._first_cost_known = asyncio.Event()

    @asynccontextmanager
    async def question(self) -> AsyncIterator[bool]:
        """Make the calls of one question inside. A question that is stopped ends silently.

        Yields:
            Whether the budget allows the question.
        """
        if self.usd is None:
            yield True
            return
        if self._running and self._max_question is None:
            await self._first_cost_known.wait()  # the cost of a first question
        reserved = (self._max_question or 0.0) * (self._running + 1)
        if self.stopped or self._finished + reserved > self.usd or self.spent >= self.usd:
            self._stop("question")
            yield False
            return
        self._running += 1
        with metered() as meter:
            try:
                with use_gate(self.gate):
                    yield True
            except BudgetExhausted:
                pass
            except BaseExceptionGroup as errors:
                if errors.split(BudgetExhausted)[1] is not None:
                    raise
            finally:
                self._end_question(meter.calls)

    def _end_question(self, calls: Iterable[Call]) -> None:
        total = 0.0
        for call in calls:
            cost = self._cost(call)
            total += cost
            if not call.from_ledger:
                self._finished += cost
        self._max_question = max(self._max_question or 0.0, total)
        self._running -= 1
        self._first_cost_known.set()

    def _book(self, call: Call) -> None:
        never_sent = call.cancelled and not call.seconds
        if not never_sent:
            self.spent += self._cost(call)

    def _check_cost(self, call: Call) -> None:
        """Raise an error if nobody knows what a call costs.

        Raises:
            CopeError: with the price that is missing, or the server that reports no usage.
        """
        if call.cache_hit or self._priced(call).cost.high is not None:
            return
        has_tokens = call.prompt_tokens is not None and call.completion_tokens is not None
        raise unknown_cost_error(call.tier, has_tokens)

    def _cost(self, call: Call) -> float:
        """Return what a call costs now at most, as far as it is known."""
        if call.cache_hit:
            return 0.0
        cost = self._priced(call).cost
        return cost.low if cost.high is None else cost.high

    def _priced(self, call: Call) -> Call:
        price = self._prices.get(call.tier)
        if call.cost.high is None and price:
            apply_price(call, price)
        return call

    @property
    def stopped(self) -> bool:
        """Whether the budget allowed no further question or round."""
        return self._refused is not None

    def _stop(self, refused: str) -> None:
        if not self.stopped:
            self._refused = refused
            self._in_flight_at_stop = self.gate.calls_in_flight

    def _stop_round(self) -> Halt:
        self._stop("round")
        return BudgetExhausted(self.stop_reason)

    @property
    def spent_text(self) -> str:
        """What was spent, and how many calls of it were in flight when the run was stopped."""
        text = f"spent ${self.spent:.4f}"
        count = self._in_flight_at_stop
        if count:
            text += f", with {plural(count, 'call')} in flight at the stop"
        return text

    @property
    def stop_reason(self) -> str | None:
        """Why no further question or round was allowed, as one line; None if all were."""
        if self._refused is None:
            return None
        return (
            f"the budget of ${self.usd:g} allows no further {self._refused} ({self.spent_text}); "
            "finished questions are saved, and the same command with a larger --budget resumes the "
            "run"
        )


def spent_before(calls: Iterable[JsonObject], prices: Mapping[str, Price]) -> float:
    """Return the cost of a ledger's calls, as far as it is known.

    Args:
        calls: calls of a ledger's file.
        prices: the prices by tier of this run.
    """
    total = 0.0
    for entry in calls:
        call = Call.from_dict(entry)
        price = prices.get(call.tier)
        if price:
            apply_price(call, price)
        if not call.cache_hit:
            total += call.cost.low if call.cost.high is None else call.cost.high
    return total


@contextmanager
def limited_question(usd: float | None) -> Iterator[None]:
    """Make the calls of a single question inside, within a budget.

    Args:
        usd: the most that it may cost in USD, beyond one round; None for no limit.

    Raises:
        CopeError: when the budget allows no further round.
    """
    budget = RunBudget(usd)
    try:
        with use_gate(budget.gate if usd else None):
            yield
    except BudgetExhausted:
        raise CopeError(
            f"the budget of ${usd:g} is used up before there is an answer ({budget.spent_text}): "
            "give a larger --budget"
        ) from None
