"""One compile: what all copies of the program that an optimizer makes share."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ...errors import CopeError, first_line
from ...eval.run.evaluate import fatal_error_in
from ...models import Budget, BudgetGuard, Call, Halt, Ledger, Usage, admission_control, use_ledger
from ...models.scope import in_scope, scoped
from ...programs import Cascade
from ...util.hashing import digest
from .candidates import Candidate, CandidatePool
from .prompts import prompt_state
from .proposer import PROPOSER_TIER, ProposalStats
from .round_cache import RoundCache
from .store import CALLS_FILE, ROUNDS_FILE

_PATIENCE = 10.0  # seconds for cancelled questions to end


class StageEnded(Halt):
    """A stage is over: what its threads still do ends too."""


class FatalModelError(Halt):
    """A model cannot be reached or used: what fails for one question fails for all."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def proposer_unavailable(model: str, why: str) -> CopeError:
    """There are no proposals, and why.

    Args:
        model: the proposer.
        why: a line.
    """
    return CopeError(
        f"the proposer {model} cannot be asked ({why}): mend that, or name another with --reflection-lm"
    )


class CompileActivity:
    """The work under way.

    Attributes:
        answered: questions that programs answered so far, rollouts and questions that were known included.
        explored: of these, answers that were only looked for, one after the other, to learn from.
        description: what was begun last.
    """

    def __init__(self) -> None:
        self.answered = self.explored = 0
        self.description = ""

    def start_question(self, candidate: Candidate, exploring: bool) -> None:
        """A program is asked a question."""
        if exploring:
            self.description = f"exploring: {self.explored:,} answers"
        else:
            self.explored = 0
            which = f"candidate {candidate.number}" if candidate.number else "the program as it was"
            self.description = f"asking {which}: {len(candidate.scores):,} questions"

    def end_question(self, exploring: bool) -> None:
        """A question was answered."""
        self.answered += 1
        self.explored += exploring

    def start_proposal(self) -> None:
        """A model was asked for a proposal."""
        self.description = "a proposal is being written"


class CompileCallback:
    """Base class of what observes a compile. Its methods are called from the threads of the optimizer."""

    def on_score(self, session: "CompileSession") -> None:
        """Handle a new score of a candidate."""

    def on_call(self, session: "CompileSession") -> None:
        """Handle the begin or end of a model call: an optimizer may make many between two scores."""


class WatchCallback(CompileCallback):
    """Call a function with the session after every score."""

    def __init__(self, watch: Callable[["CompileSession"], None]) -> None:
        self._watch = watch

    def on_score(self, session: "CompileSession") -> None:
        self._watch(session)


class CompileSession:
    """Budget, ledger, kept rounds and candidates of one compile.

    Args:
        val_keys: fingerprints of the validation questions.
        budget: bounds on the total, earlier attempts included.
        folder: where calls and rounds are kept for a resume; None keeps nothing.
        callbacks: observe the compile.
        reject_reason: returns why a program may not be used, None when it may.

    Attributes:
        activity: what is being done.
        proposal_stats: what became of the proposals.
    """

    def __init__(
        self,
        val_keys: list[str],
        budget: Budget | None = None,
        folder: Path | None = None,
        callbacks: Sequence[CompileCallback] = (),
        reject_reason: Callable[[Cascade], str | None] = lambda program: None,
    ) -> None:
        self.ledger = Ledger(folder / CALLS_FILE) if folder else None
        self.round_cache = RoundCache(folder / ROUNDS_FILE if folder else None)
        self.guard = BudgetGuard(budget or Budget(), _used_before(self.ledger))
        self.resumed = bool(self.ledger and self.ledger.earlier_calls)
        self.candidates = CandidatePool(val_keys)
        self._reject_reason = reject_reason
        self._callbacks = list(callbacks)
        self.activity = CompileActivity()
        self.proposal_stats = ProposalStats()
        self._ended: dict[int, Halt] = {}
        self._stages = 0
        self._running: dict[asyncio.Task[Any], int] = {}  # questions in flight, by stage

    def __deepcopy__(self, memo: dict[int, Any]) -> "CompileSession":
        return self  # optimizers copy programs; the compile stays one

    @contextmanager
    def with_callback(self, callback: CompileCallback) -> Iterator[None]:
        """Let one more callback observe the compile inside."""
        self._callbacks.append(callback)
        try:
            yield
        finally:
            self._callbacks.remove(callback)

    @contextmanager
    def with_candidates(self, candidates: CandidatePool) -> Iterator[CandidatePool]:
        """Collect programs and scores in other candidates inside."""
        before, self.candidates = self.candidates, candidates
        try:
            yield candidates
        finally:
            self.candidates = before

    @contextmanager
    def stage(self) -> Iterator[None]:
        """A part of the compile. When it ends, early or not, the threads that DSPy leaves behind end with it."""
        self._stages += 1
        number = self._stages
        with ExitStack() as stack:
            stack.enter_context(scoped("stage", number))
            stack.enter_context(use_ledger(self.ledger))
            stack.enter_context(admission_control(self))
            try:
                yield
            finally:
                self._ended.setdefault(number, StageEnded("this part of the compile is over"))
                self._stop(number)

    @contextmanager
    def question(self) -> Iterator[None]:
        """A question of the running stage is being answered by this task; when the stage ends, so does the task."""
        self.raise_if_ended()
        task = asyncio.current_task()
        assert task is not None
        self._running[task] = in_scope("stage", 0)
        try:
            with scoped("question", True):
                yield
        except asyncio.CancelledError:
            self.raise_if_ended()  # the stage's end is the reason that an optimizer's thread is told
            raise
        finally:
            del self._running[task]

    def _stop(self, stage: int) -> None:
        """Cancel what DSPy's threads still wait for, and see it end: nobody needs it, and it takes the models' time."""
        left = [task for task, number in list(self._running.items()) if number == stage]
        for task in left:
            task.get_loop().call_soon_threadsafe(task.cancel)
        patience = time.monotonic() + _PATIENCE
        while any(task in self._running for task in left) and time.monotonic() < patience:
            time.sleep(0.01)

    def before_call(self) -> None:
        """Let a model call of the running stage begin; see `AdmissionControl`."""
        self.raise_if_ended()
        if not in_scope("question"):
            self.activity.start_proposal()
        try:
            self.guard.before_call()
        except Halt as halt:
            self.end_stage(halt)
            raise
        self._notify()

    def on_error(self, call: Call, error: Exception) -> None:
        """What fails for one request fails for all: no optimizer is to go on as if it had only lost a proposal."""
        if fatal := fatal_error_in(error):
            self.end_stage(
                FatalModelError(
                    fatal
                    if in_scope("question")
                    else proposer_unavailable(call.model, first_line(fatal, 300))
                )
            )
            self.raise_if_ended()
        elif call.tier == PROPOSER_TIER:
            self.proposal_stats.record_failure(call.model, error)

    def abort_on_fatal(self, error: Exception) -> None:
        """End the stage on an error that every question would meet: to an optimizer it were one wrong answer more."""
        if fatal := fatal_error_in(error):
            self.end_stage(FatalModelError(fatal))
            self.raise_if_ended()

    def after_call(self, call: Call) -> None:
        self.guard.after_call(call)
        if call.tier == PROPOSER_TIER:
            self.proposal_stats.num_requests += 1
        self._notify()

    def _notify(self) -> None:
        for callback in list(self._callbacks):
            callback.on_call(self)

    def raise_if_ended(self) -> None:
        """Raise what ended the stage that this thread belongs to, if it has ended."""
        if halt := self._ended.get(in_scope("stage", 0)):
            raise halt

    def end_stage(self, why: Halt) -> None:
        """End the stage that this thread belongs to."""
        self._ended.setdefault(in_scope("stage", 0), why)

    def register_candidate(self, program: Cascade) -> Candidate:
        """The candidate that a program's prompts are; a new one is noted before it is asked anything."""
        state = prompt_state(program)
        identity = digest(state)
        if identity not in self.candidates:
            self.candidates.register(
                identity, state, self.guard.used.calls, self._reject_reason(program)
            )
        return self.candidates[identity]

    def record_score(
        self, identity: str | None, key: str, value: float, large_tokens: int, tokens: int
    ) -> None:
        """Keep a score, unless it comes from a rollout that only looked for other answers."""
        if identity is not None:
            self.candidates.add_score(identity, key, value, large_tokens, tokens)
            for callback in list(self._callbacks):
                callback.on_score(self)

    def close(self) -> None:
        if self.ledger:
            self.ledger.close()
        self.round_cache.close()


def _used_before(ledger: Ledger | None) -> Usage | None:
    """Return what earlier attempts used."""
    if ledger is None:
        return None
    return Usage.from_calls(
        Call.from_dict(call) for call in ledger.earlier_calls if not call["hit"]
    )
