"""Append the requests of a server to a record, and audit some answers against the last tier."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy

from ..errors import CopeError, first_line
from ..eval import QuestionResult, Recorder, ShortAnswerTask
from ..eval.recording.traffic import AUDIT, SERVED, AuditLine, ServedLine, program_line
from ..models import Call, metered
from ..models.admission import Halt
from ..models.spending import use_gate
from ..programs import Cascade
from ..programs.confidence.early_stopping import NONE
from ..programs.domains.registry import domain_by_name
from ..programs.options import ProgramOptions, TeamOptions
from ..programs.resolve import Notify
from ..util.files import JsonlWriter, end_torn_line
from ..util.hashing import digest
from .access import Access
from .accounts import Account, Limits
from .request_facts import current_request
from .service import SERVED as SERVED_MODEL, Finished, Question, Service, ServiceEvent

MOST_WAITING = 64
"""Audits that may wait for their turn; a further one is left out."""

TASK = "served"

AUDITS = Account("*audits", Limits(), "")
"""The account to which audits are booked. The budget of the server holds for it."""

AuditObserver = Callable[[str, Sequence[Call]], None]
"""Receives the result of an audit, `agreed`, `disagreed`, `failed` or `left out`, and its calls."""


def _ignore_audit(result: str, calls: Sequence[Call]) -> None:
    """Do nothing with an audit."""


@dataclass(frozen=True)
class RecordOptions:
    """Where requests are recorded, and how many are audited.

    Attributes:
        file: the record, to which lines are appended.
        audit: the share of the requests that are audited, 0 to 1.
        request_settings: adapter, maximum lengths and context, see `TeamOptions`.
        certificate: the file of the calibration that is served; None without one.
    """

    file: Path
    audit: float = 0.0
    request_settings: Mapping[str, Any] | None = None
    certificate: Path | None = None

    @classmethod
    def of(
        cls, file: Path | None, audit: float, team: TeamOptions, program: ProgramOptions
    ) -> "RecordOptions | None":
        """Return the options for a server; None without a record.

        Raises:
            CopeError: for audits without a record.
        """
        if file is not None:
            return cls(file, audit, team.request_settings(), program.calibration)
        if audit:
            raise CopeError("--audit needs --record FILE, which keeps what it finds")
        return None


class TrafficRecorder:
    """Writes a line for each answer of the served program, and one for each audit.

    An audit runs after the reply is sent, one at a time. It draws all samples of all rounds with
    the program's own settings, and asks the last tier alone. So `cope calibrate` can replay every
    threshold on it. The calls go through a gate of their own.

    Args:
        service: answers the questions.
        options: the file and the share of audits.
        access: its budget holds for audits too, which are booked to an account of their own.
        notify: receives a line when the record cannot be written.

    Attributes:
        on_audit: receives every audit.

    Raises:
        CopeError: when the file cannot be written, or answers cannot be compared.
    """

    def __init__(
        self,
        service: Service,
        options: RecordOptions,
        access: Access,
        notify: Notify,
    ) -> None:
        self.on_audit: AuditObserver = _ignore_audit
        self._options, self._access, self._notify = options, access, notify
        self._recorder = _recorder(service, options.audit > 0)
        settings = dict(options.request_settings or {})
        manifest = self._recorder.manifest(_task(service.program), [], settings=settings)
        certificate = None if options.certificate is None else str(options.certificate.resolve())
        line = program_line(manifest, certificate)
        self._program = line["program"]
        end_torn_line(options.file)
        self._writer = JsonlWriter(options.file)
        options.file.chmod(0o600)
        self._writer.append(dict(line))
        self._can_write = True
        self._one_at_a_time = asyncio.Semaphore(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def observe(self, question: Question, event: ServiceEvent) -> None:
        """Record a finished answer of the served program, and begin its audit if it has one."""
        if not isinstance(event, Finished) or question.model != SERVED_MODEL or question.choice:
            return
        if question.json_form is not None:
            return  # it has another prompt, and other answers, than the program that is calibrated
        request = current_request()
        name = request.id if request else secrets.token_hex(10)
        answer = event.prediction.answer
        answer = None if answer is None else str(answer)
        self._append(self._served(name, question, event, answer))
        if not is_audited(name, self._options.audit):
            return
        if len(self._tasks) >= MOST_WAITING:
            self.on_audit("left out", ())
            return
        # In a context of its own, because the meter, gate and observer are those of the request.
        task = asyncio.create_task(self._audit(name, question.text, answer), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def audits_done(self) -> None:
        """Wait until no audit runs."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _served(
        self, name: str, question: Question, event: Finished, answer: str | None
    ) -> ServedLine:
        prediction = event.prediction
        rounds = []
        for record in prediction.rounds:
            rounds.append(
                {key: record[key] for key in ("round", "confidence", "accepted", "asked")}
            )
        return {
            "kind": SERVED,
            "program": self._program,
            "id": name,
            "time": time.time(),
            "question": question.text,
            "answer": answer,
            "round": prediction.round,
            "confidence": prediction.confidence,
            "rounds": rounds,
            "seconds": prediction.seconds,
            "usd": prediction.cost,
        }

    async def _audit(self, name: str, question: str, served: str | None) -> None:
        async with self._one_at_a_time:
            with (
                metered() as meter,
                use_gate(self._access.accounts.gate(AUDITS, self._access.budget)),
            ):
                try:
                    line = await self._audit_line(name, question, served)
                except (Exception, Halt):  # a failed model or no money: there is nothing to compare
                    line = None
        if line is None:
            self.on_audit("failed", meter.calls)
            return
        self.on_audit("agreed" if line["agrees"] else "disagreed", meter.calls)
        self._append(line)

    async def _audit_line(self, name: str, question: str, served: str | None) -> AuditLine:
        recorder = self._recorder
        result = QuestionResult(digest(question, None), name, question, None)
        example = dspy.Example(id=name, question=question, answer=None).with_inputs("question")
        task = _task(recorder.primary)
        await recorder.runner(task, example, recorder.primary, result)
        rows = list(recorder.rows([result]))
        last = recorder.primary.preset.last_tier
        answer = next(row["answer"] for row in rows if row["preset"] == last)
        groups = await recorder.primary.answers.group_async([served, answer])
        return {
            "kind": AUDIT,
            "program": self._program,
            "id": name,
            "time": time.time(),
            "answer": answer,
            "agrees": groups[0] is not None and groups[0] == groups[1],
            "usd": result.usd,
            "rows": rows,
        }

    def _append(self, line: Any) -> None:
        """Write a line. A full disk ends no request; it is said once."""
        try:
            self._writer.append(dict(line))
        except CopeError as error:
            if self._can_write:
                self._notify(f"the record is incomplete: {first_line(error)}")
            self._can_write = False


def _recorder(service: Service, audits: bool) -> Recorder:
    """Return the programs whose samples an audit draws: the served one and the last tier alone."""
    program = service.program
    last = program.preset.last_tier
    programs = {program.preset.name: _drawing_all(program)}
    if audits:
        if not domain_by_name(program.domain).answers_are_lines or program.domain == "open":
            raise CopeError("--audit compares short answers: leave it out with free text")
        if last in programs:
            raise CopeError(f"--audit asks {last}, which answers every request here: leave it out")
    alone = Cascade(last, program.team, seed=program.seed, early_stop=NONE, domain=program.domain)
    programs.setdefault(last, alone.with_answer_kind(program.answer_kind))
    return Recorder(programs)


def _drawing_all(program: Cascade) -> Cascade:
    """Return a program that draws all samples of a round, whether they can change it or not."""
    params: dict[str, Any] = dict(program.get_params())
    params["early_stop"], params["give_up"] = NONE, None
    other = type(program)(**params)
    other.load_state(program.dump_state())
    return other


def _task(program: Cascade) -> ShortAnswerTask:
    return ShortAnswerTask(TASK, domain=program.domain, answer_kind=program.answer_kind)


def is_audited(name: str, share: float) -> bool:
    """Return whether a request is audited, which depends on its name alone.

    Args:
        name: the id of the request.
        share: the share of the requests that are audited.

    >>> sum(is_audited(f"req_{n}", 0.1) for n in range(1000))
    86
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return number < share * 2**64
