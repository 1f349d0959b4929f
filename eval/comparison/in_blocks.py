"""Ask the systems of a live comparison: a few questions of all systems, then more of all.

A comparison that is stopped then has questions that every system answered, and the first block
tells how long all of them take.
"""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass

import dspy

from ...errors import LacksLogprobs
from ...programs import Cascade, System
from ...util.text import format_duration
from ..run.evaluate import evaluate
from ..run.example_keys import key_examples
from ..run.shared_ledger import shared_budget
from ..run.store import QuestionResult, RunStore
from .options import check_enough_systems
from .request import ComparisonCallbacks, ComparisonRequest, SystemStart
from .resolve import ComparedSystems

FIRST_BLOCK = 16
"""Questions in the first block, unless more are asked at the same time."""


@dataclass(frozen=True)
class BlockwiseResults:
    """What the systems of a comparison answered.

    Attributes:
        by_system: the results of each system, in the order of the questions.
        stopped: why some questions were not asked, as one line; None if all were.
    """

    by_system: dict[str, list[QuestionResult]]
    stopped: str | None


def question_blocks(questions: int, first: int) -> list[range]:
    """Return blocks of questions, each twice as long as the one before it.

    So a system waits for the last answers of a block only a few times. A rest that is shorter than
    the block before it belongs to that block.

    Args:
        questions: number of questions.
        first: number of questions in the first block.

    >>> question_blocks(100, 16)
    [range(0, 16), range(16, 48), range(48, 100)]
    """
    blocks: list[range] = []
    begin, size = 0, first
    while begin < questions:
        end = begin + size
        if questions - end < size:
            end = questions
        blocks.append(range(begin, end))
        begin, size = end, 2 * size
    return blocks


class BlockwiseAsking:
    """Asks each block of questions of one system after the other.

    A system of `--presets all` whose model gives no log-probabilities is left out, store and all.
    Where the budget ends, only the questions count that all systems answered.

    Args:
        request: the options of the comparison.
        compared: the systems.
        stores: the open stores of the systems.
        examples: the questions.
        callbacks: the functions of the caller.
    """

    def __init__(
        self,
        request: ComparisonRequest,
        compared: ComparedSystems,
        stores: dict[str, RunStore],
        examples: list[dspy.Example],
        callbacks: ComparisonCallbacks,
    ) -> None:
        self._request, self._compared, self._stores = request, compared, stores
        self._examples, self._callbacks = examples, callbacks
        self._keys = list(key_examples(examples))
        # The calls of those that ask for log-probabilities serve the others too.
        systems = {name: one.system for name, one in compared.by_name.items()}
        self._order = sorted(systems, key=lambda name: not _asks_logprobs(systems[name]))
        self._budget = shared_budget(
            request.run_options.budget, stores.values(), request.team.prices
        )
        self._results: dict[str, dict[str, QuestionResult]] = {name: {} for name in systems}
        self._open_at_start, self._started = self._open_answers(), time.monotonic()
        self._stopped: str | None = None

    def ask(self) -> BlockwiseResults:
        """Ask all questions of all systems, and return the results.

        Raises:
            CopeError: see `evaluate`; also if too few systems are left.
        """
        first = max(FIRST_BLOCK, self._request.run_options.questions or 0)
        blocks = question_blocks(len(self._keys), first)
        for block in blocks:
            self._ask_block(block)
            if self._stopped:
                break
            if block is not blocks[-1]:
                self._tell_time_left(block)
        check_enough_systems(self._compared.by_name, self._request.options.against)
        return self._blockwise_results()

    def _ask_block(self, block: range) -> None:
        for number, name in enumerate(self._order, 1):
            if name not in self._stores:
                continue
            try:
                self._ask(name, number, block)
            except LacksLogprobs as error:
                if name not in self._compared.optional:
                    raise
                self._compared.leave_out(name, str(error))
                del self._stores[name], self._results[name]

    def _ask(self, name: str, number: int, block: range) -> None:
        system, store = self._compared.by_name[name].system, self._stores[name]
        done = [store.results[key] for key in self._keys[: block.stop] if key in store.results]
        start = SystemStart(name, number, len(self._order), block, done, len(system.stages))
        is_open = store.lacks_any(self._keys[block.start : block.stop])
        shown = self._callbacks.on_system(start) if is_open else nullcontext(_ignore)
        with shown as on_result:
            evaluation = evaluate(
                self._request.task,
                self._examples[: block.stop],
                system,
                store,
                begin=block.start,
                in_flight=self._request.run_options.questions,
                budget=self._budget,
                on_result=on_result,
                prices=self._request.team.prices,
            )
            outcome = asyncio.run(evaluation)
        self._results[name] |= {result.key: result for result in outcome.results}
        if outcome.stop_reason and not self._stopped:
            self._stopped = f"{name}: {outcome.stop_reason}"

    def _tell_time_left(self, block: range) -> None:
        """Say how many questions all systems were asked, and how long the others take."""
        left = self._open_answers()
        made = self._open_at_start - left
        if not made or not left:
            return
        seconds = (time.monotonic() - self._started) / made * left
        self._callbacks.notify(
            f"all systems were asked {block.stop} of {len(self._keys)} questions; the others take "
            f"some {format_duration(seconds)}"
        )

    def _open_answers(self) -> int:
        keys = set(self._keys)
        return sum(len(keys - store.results.keys()) for store in self._stores.values())

    def _blockwise_results(self) -> BlockwiseResults:
        """Return the results; after a stop, those of the questions that all systems answered."""
        common = set(self._keys)
        if self._stopped:
            common = common.intersection(*self._results.values())
        by_system: dict[str, list[QuestionResult]] = {}
        for name, rows in self._results.items():
            by_system[name] = [rows[key] for key in self._keys if key in rows and key in common]
        stopped = self._stopped
        if stopped and common:
            stopped += f"; compared on the {len(common)} questions that all systems answered"
        return BlockwiseResults(by_system, stopped)


def _ignore(result: QuestionResult) -> None:
    """Show nothing of a result."""


def _asks_logprobs(system: System) -> bool:
    """Return whether a round of a cascade needs log-probabilities."""
    if not isinstance(system, Cascade):
        return False
    numbers = range(1, len(system.preset.rounds) + 1)
    return any(getattr(system.confidence_of(n), "needs_logprobs", False) for n in numbers)
