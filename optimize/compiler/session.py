"""The session of a compile, which all copies of the program share that an optimizer makes."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ...errors import CopeError, first_line, first_of_group
from ...eval.run.evaluate import fatal_error_in
from ...models import Budget, BudgetGuard, Call, Halt, Ledger, Usage, admission_control, use_ledger
from ...models.call_price import apply_price
from ...models.prices import Price
from ...models.scope import in_scope, scoped
from ...models.spending import use_gate
from ...programs import Cascade
from ...util.hashing import digest
from .activity import CompileActivity
from .candidates import Candidate, CandidatePool
from .prompts import prompt_state
from .proposer import PROPOSER_TIER, ProposalStats
from .round_cache import RoundCache
from .store import CALLS_FILE, ROUNDS_FILE

_PATIENCE = 10.0  # seconds to wait for canceled questions to end


class StageEnded(Halt):
    """A stage ended, so the work that its threads still do ends too."""


class FatalModelError(Halt):
    """A model cannot be reached or used, so every question would fail."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def proposer_unavailable(model: str, why: str) -> CopeError:
    """Return the error for a proposer that does not reply.

    Args:
        model: the proposer's model.
        why: the reason as one line.
    """
    return CopeError(
        f"the proposer {model} cannot be asked ({why}): fix that, or name another with "
        "--reflection-lm"
    )


class CompileCallback:
    """Base class of observers of a compile. The optimizer's threads call its methods."""

    def on_score(self, session: "CompileSession") -> None:
        """Handle a new score of a candidate."""

    def on_call(self, session: "CompileSession") -> None:
        """Handle the start or end of a model call. There may be many between two scores."""


class WatchCallback(CompileCallback):
    """Call a function with the session after every score."""

    def __init__(self, watch: Callable[["CompileSession"], None]) -> None:
        self._watch = watch

    def on_score(self, session: "CompileSession") -> None:
        self._watch(session)


class CompileSession:
    """Budget, ledger, round cache and candidates of one compile.

    Args:
        val_keys: the fingerprints of the validation questions.
        budget: the bounds on the total usage, including earlier attempts.
        folder: the folder of the ledger and the round cache, for a resume; None keeps nothing.
        callbacks: the observers of the compile.
        reject_reason: returns why a program may not be used; None when it may.
        prices: the user's prices by tier, which calls of earlier attempts have too.

    Attributes:
        activity: the current work.
        first_error: why the first question failed that did, as one line; None when none did.
        proposal_stats: counts of the requests to the proposer.
    """

    def __init__(
        self,
        val_keys: list[str],
        budget: Budget | None = None,
        folder: Path | None = None,
        callbacks: Sequence[CompileCallback] = (),
        reject_reason: Callable[[Cascade], str | None] = lambda program: None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.ledger = Ledger(folder / CALLS_FILE) if folder else None
        self.round_cache = RoundCache(folder / ROUNDS_FILE if folder else None)
        self.guard = BudgetGuard(budget or Budget(), _used_before(self.ledger, prices or {}))
        self._gate = self.guard.spending_gate(self.end_stage)
        self.resumed = bool(self.ledger and self.ledger.earlier_calls)
        self.candidates = CandidatePool(val_keys)
        self._reject_reason = reject_reason
        self._callbacks = list(callbacks)
        self.activity = CompileActivity()
        self.proposal_stats = ProposalStats()
        self.first_error: str | None = None
        self._ended: dict[int, Halt] = {}
        self._stages = 0
        self._running: dict[asyncio.Task[Any], int] = {}  # questions in flight, by stage

    def __deepcopy__(self, memo: dict[int, Any]) -> "CompileSession":
        return self  # optimizers copy programs, and all copies share the session

    @contextmanager
    def with_callback(self, callback: CompileCallback) -> Iterator[None]:
        """Add an observer until the exit."""
        self._callbacks.append(callback)
        try:
            yield
        finally:
            self._callbacks.remove(callback)

    @contextmanager
    def with_candidates(self, candidates: CandidatePool) -> Iterator[CandidatePool]:
        """Collect programs and scores in another pool until the exit."""
        before, self.candidates = self.candidates, candidates
        try:
            yield candidates
        finally:
            self.candidates = before

    @contextmanager
    def stage(self) -> Iterator[None]:
        """Run a part of the compile; at its end, the threads that DSPy leaves behind end too."""
        self._stages += 1
        number = self._stages
        with ExitStack() as stack:
            stack.enter_context(scoped("stage", number))
            stack.enter_context(use_ledger(self.ledger))
            stack.enter_context(admission_control(self))
            stack.enter_context(use_gate(self._gate))
            try:
                yield
            finally:
                self._ended.setdefault(number, StageEnded("this part of the compile is over"))
                self._cancel_questions(number)

    @contextmanager
    def question(self) -> Iterator[None]:
        """Answer a question of the current stage in this task; the task ends with the stage."""
        self.raise_if_ended()
        task = asyncio.current_task()
        assert task is not None
        self._running[task] = in_scope("stage", 0)
        try:
            with scoped("question", True):
                yield
        except asyncio.CancelledError:
            self.raise_if_ended()  # the optimizer's thread gets the reason, not the cancellation
            raise
        finally:
            del self._running[task]

    def _cancel_questions(self, stage: int) -> None:
        """Cancel the questions that DSPy's threads still wait for: they use the models' time."""
        left = [task for task, number in list(self._running.items()) if number == stage]
        for task in left:
            task.get_loop().call_soon_threadsafe(task.cancel)
        deadline = time.monotonic() + _PATIENCE
        while any(task in self._running for task in left) and time.monotonic() < deadline:
            time.sleep(0.01)

    def before_call(self) -> None:
        """Admit a model call of the current stage; see `AdmissionControl`."""
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
        """End the stage on an error that every call would meet; count a failed proposal.

        To an optimizer it would be one lost proposal among others.
        """
        fatal = fatal_error_in(error)
        if fatal:
            if not in_scope("question"):
                fatal = proposer_unavailable(call.model, first_line(fatal, 300))
            self.end_stage(FatalModelError(fatal))
            self.raise_if_ended()
        elif call.tier == PROPOSER_TIER:
            self.proposal_stats.record_failure(call.model, error)

    def on_question_error(self, error: Exception) -> None:
        """Keep the first error of a question; end the stage on one that every question would meet.

        To an optimizer it would be one wrong answer among others.
        """
        if self.first_error is None:
            cause = first_of_group(error)
            self.first_error = f"{type(cause).__name__}: {first_line(cause, 300)}"
        fatal = fatal_error_in(error)
        if fatal:
            self.end_stage(FatalModelError(fatal))
            self.raise_if_ended()

    def after_call(self, call: Call) -> None:
        """Count a finished call; see `AdmissionControl`."""
        self.guard.after_call(call)
        if call.tier == PROPOSER_TIER:
            self.proposal_stats.num_requests += 1
        self._notify()

    def _notify(self) -> None:
        for callback in list(self._callbacks):
            callback.on_call(self)

    def raise_if_ended(self) -> None:
        """Raise the reason if the stage of this thread has ended."""
        halt = self._ended.get(in_scope("stage", 0))
        if halt:
            raise halt

    def end_stage(self, why: Halt) -> None:
        """End the stage of this thread."""
        self._ended.setdefault(in_scope("stage", 0), why)

    def register_candidate(self, program: Cascade) -> Candidate:
        """Return the candidate with a program's prompts, after adding it when it is new."""
        state = prompt_state(program)
        identity = digest(state)
        if identity not in self.candidates:
            reason = self._reject_reason(program)
            self.candidates.register(identity, state, self.guard.used.calls, reason)
        return self.candidates[identity]

    def record_score(
        self,
        identity: str | None,
        key: str,
        value: float,
        large_tokens: int,
        tokens: int,
        steps: int = 0,
    ) -> None:
        """Record the score of a question.

        Args:
            identity: the candidate's id; None for a rollout that only explores other answers, whose
                score is ignored.
            key: the question's fingerprint.
            value: the score, between 0 and 1.
            large_tokens: the tokens that the last tier wrote.
            tokens: all tokens.
            steps: the steps of a game.
        """
        if identity is not None:
            self.candidates.add_score(identity, key, value, large_tokens, tokens, steps)
            for callback in list(self._callbacks):
                callback.on_score(self)

    def close(self) -> None:
        """Close the files."""
        if self.ledger:
            self.ledger.close()
        self.round_cache.close()


def _used_before(ledger: Ledger | None, prices: Mapping[str, Price]) -> Usage | None:
    """Return what earlier attempts used, by the prices of this one."""
    if ledger is None:
        return None
    calls = [Call.from_dict(call) for call in ledger.earlier_calls if not call["hit"]]
    for call in calls:
        if call.tier in prices:
            apply_price(call, prices[call.tier])
    return Usage.from_calls(calls)
