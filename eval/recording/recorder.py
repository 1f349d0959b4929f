"""Recording: every round of some programs on every question, whatever the gates say, with all samples kept."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypedDict, cast

import dspy

from ... import __version__
from ...answers.kinds.base import AnswerKind
from ...answers.kinds.code import CODE as AS_WRITTEN
from ...errors import CopeError
from ...models import Call, Meter, Usage, metered
from ...programs import Cascade, Sample
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.early_stopping import NONE
from ...programs.confidence.registry import confidence_by_name
from ...programs.ensemble import members_of
from ...programs.results import used
from ...util.hashing import digest
from ..run.evaluate import Asking
from ..run.store import Record
from ..tasks.base import Task
from .schema import CALL_COLUMNS, SHARED_PLAN, RecordingManifest
from .vote_ids import assign_vote_ids

Row = dict[str, Any]


class ProgramRows(TypedDict):
    """What a recording's `records.jsonl` keeps of a question, in place of rounds: the rows of one program."""

    program: str
    print: str
    rows: list[Row]


def program_rows(record: Record) -> list[ProgramRows]:
    """Return the rows of each program, which a recording keeps in place of rounds."""
    return cast(list[ProgramRows], record.rounds)


@dataclass(frozen=True)
class Recorder:
    """Asks every round of one or more programs.

    A round after one that would have been accepted is asked all the same, with the plan that would be handed on to it.

    Args:
        cascades: the programs by name, the record's own first; all on the same team's models, with the same seed.

    Raises:
        CopeError: for an ensemble, or a program that does not draw all samples.
    """

    cascades: Mapping[str, Cascade]

    def __post_init__(self) -> None:
        for name, cascade in self.cascades.items():
            if len(members_of(cascade)) > 1:
                raise CopeError(f"{name} is an ensemble: record its programs one by one")
            if cascade.early_stop != NONE:
                raise CopeError(f"{name} leaves samples out: make it with early_stop={NONE!r}")

    @property
    def primary(self) -> Cascade:
        """The record's own program."""
        return next(iter(self.cascades.values()))

    @property
    def runner(self) -> Asking:
        """What `evaluate` asks questions with; a record's `rounds` are then the rows, by program."""
        return self._ask

    def fingerprints(self) -> dict[str, str]:
        """A digest of what each program asks whom, its thresholds apart: they change no call."""
        return {
            name: digest(
                _without_gates(cascade.dump_state()),
                [cascade.team[t].model for t in cascade.preset.tiers],
            )
            for name, cascade in self.cascades.items()
        }

    def covers(self, record: Record) -> bool:
        """Whether a question's record has the rows of all programs."""
        kept = {entry["program"]: entry["print"] for entry in program_rows(record)}
        return all(kept.get(name) == mark for name, mark in self.fingerprints().items())

    async def _ask(self, task: Task, example: dspy.Example, _: Cascade, record: Record) -> None:
        given = dict(example.inputs().items())
        question = str(given.pop("question"))
        with metered() as meter:
            programs = [
                await _run_program(name, cascade, question, given)
                for name, cascade in self.cascades.items()
            ]
        rows = [row for program in programs for row in program.rows]
        await _assign_vote_ids(rows, self.primary.answers)
        await _score_answers(task, example, rows)
        _apply_gates(record, programs[0])
        used_up = used(meter)
        record.usage, record.usd = used_up["usage"], used_up["cost"]
        prints = self.fingerprints()
        kept: list[ProgramRows] = [
            {"program": p.name, "print": prints[p.name], "rows": p.rows} for p in programs
        ]
        record.rounds = cast(Any, kept)

    def rows(
        self, records: Sequence[Record], groups: Mapping[str, str] | None = None
    ) -> Iterator[Row]:
        """The rows of a record's file.

        Args:
            records: of the questions, in order; those with an error have no rows.
            groups: by a question's key, what it belongs to.
        """
        for record in records:
            about = {name: getattr(record, name) for name in ("key", "id", "question", "gold")}
            about["group"] = (groups or {}).get(record.key)
            kept = {entry["program"]: entry["rows"] for entry in program_rows(record)}
            for name in self.cascades if not record.error else ():
                yield from ({**about, **row} for row in kept[name])

    def manifest(self, task: Task, records: Sequence[Record], **more: Any) -> RecordingManifest:
        """What the rows come from."""
        good = [record for record in records if record.error is None]
        programs = []
        for name, cascade in self.cascades.items():
            state = cascade.dump_state()
            programs.append(
                {"name": name, "preset": state["preset"], "digest": digest(state), "state": state}
            )
        tiers = dict.fromkeys(
            chain.from_iterable(cascade.preset.tiers for cascade in self.cascades.values())
        )
        team = self.primary.team
        weights = {tier: found for tier in tiers if (found := team[tier].weights_digest())}
        return RecordingManifest(
            task=task.name,
            models={tier: team[tier].model for tier in tiers},
            weights=weights,
            programs=programs,
            seed=self.primary.seed,
            questions=len(good),
            domain=task.domain,
            answer_kind=self.primary.answer_kind,
            data_fingerprint=digest([(record.question, record.gold) for record in good]),
            failed=[{"id": record.id, "error": record.error} for record in records if record.error],
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
            **more,
        )


def _without_gates(state: dict[str, Any]) -> dict[str, Any]:
    preset = dict(state["preset"])
    preset["rounds"] = [{k: v for k, v in r.items() if k != "threshold"} for r in preset["rounds"]]
    return {**state, "preset": preset}


@dataclass(frozen=True)
class _ProgramRun:
    """One program's rows of a question, and what each of its rounds decided."""

    name: str
    rows: list[Row]
    results: list[tuple[CascadeRound, dspy.Prediction]]


async def _run_program(
    name: str, cascade: Cascade, question: str, given: dict[str, Any]
) -> _ProgramRun:
    plans: dict[int, str] = {}
    rows: list[Row] = []
    decided = []
    for round_ in cascade.rounds():
        with metered() as meter:
            result = await cascade.run_round(round_, question, dict(plans), given)
        if result.plan:
            plans[round_.number] = result.plan
        decided.append((round_, result))
        shared = {"preset": name, "round": round_.number, "confidence": result.verdict.kind}
        rows += [{**shared, **row} for row in _round_rows(round_, result, meter)]
    return _ProgramRun(name, rows, decided)


def _round_rows(round_: CascadeRound, result: dspy.Prediction, meter: Meter) -> Iterator[Row]:
    planned = round_.planner is not None
    carrier = next((s.index for s in result.samples if result.plan and s.plan == result.plan), None)
    if result.shared:
        calls = _call_columns("plan", [c for c in meter.calls if c.role == "plan"])
        yield {
            "sample": SHARED_PLAN,
            "plan": result.shared.plan or None,
            "unread": result.shared.unread,
            "handed_on": bool(result.plan),
            **calls,
            **_call_columns("reason", []),
        }
    for sample in result.samples:
        mine = [c for c in meter.calls if c.sample == sample.index]
        yield {
            "sample": sample.index,
            **_sample_columns(sample),
            "plan": (sample.plan or None) if planned else None,
            "handed_on": not result.shared and sample.index == carrier,
            **_call_columns("plan", [c for c in mine if c.role == "plan"]),
            **_call_columns("reason", [c for c in mine if c.role != "plan"]),
        }


def _sample_columns(sample: Sample) -> Row:
    row: Row = {name: getattr(sample, name) for name in ("answer", "ballot", "unread")}
    row["reasoning"] = sample.reasoning or None
    if report := sample.report:
        row |= {
            "tests_passed": report.passed,
            "tests_total": len(report.outcomes),
            "tests_failure": report.message,
        }
    return row


def _call_columns(role: str, calls: Sequence[Call]) -> Row:
    """What a sample's calls used; what a cached reply took is not known."""
    if not calls:
        return {f"{role}_calls": 0}
    usage = Usage.from_calls(calls)
    row: Row = {column.name: getattr(usage, column.name, None) for column in CALL_COLUMNS}
    row |= {"calls": len(calls), "truncated": any(c.truncated for c in calls)}
    if usage.unpriced:
        row["usd"] = None
    if all(c.logprob is not None for c in calls):
        row["logprob"] = sum(c.logprob or 0.0 for c in calls)
    if usage.hits:
        row |= dict.fromkeys(
            (
                "prompt_tokens",
                "completion_tokens",
                "cached_tokens",
                "usd",
                "seconds",
                "machine_seconds",
            )
        )
    return {f"{role}_{name}": value for name, value in row.items()}


async def _assign_vote_ids(rows: list[Row], answers: AnswerKind) -> None:
    """Give each sample the number of its vote, over all rounds of the question.

    Votes that are answers are compared with each other, whatever the rounds' confidences. Those that a confidence writes
    itself are the same only when they are written the same, by the same confidence.
    """
    groups: dict[str, list[Row]] = {}
    labels: dict[int, str | None] = {}
    for kind in dict.fromkeys(row["confidence"] for row in rows):
        confidence = confidence_by_name(kind)
        mine = [row for row in rows if row["confidence"] == kind]
        for row, label in zip(mine, confidence.vote_labels(mine), strict=True):
            labels[id(row)] = label
        groups.setdefault("" if confidence.labels_are_answers else kind, []).extend(mine)
    used, doubtful = 0, False
    for name, mine in groups.items():
        keys, unsure = await assign_vote_ids(
            [labels[id(row)] for row in mine], AS_WRITTEN if name else answers
        )
        doubtful = doubtful or unsure
        for row, key in zip(mine, keys, strict=True):
            row["vote"] = None if key is None else used + key
        used += 1 + max((key for key in keys if key is not None), default=-1)
    for row in rows:
        row["vote_doubtful"] = doubtful


async def _score_answers(task: Task, example: dspy.Example, rows: list[Row]) -> None:
    """Score every distinct answer once; none where no right answer is known."""
    if example.answer is None:
        return
    samples = [row for row in rows if row["sample"] != SHARED_PLAN]
    distinct = list(dict.fromkeys(row["answer"] for row in samples))
    scores = await asyncio.gather(*(task.score(example, answer) for answer in distinct))
    by_answer = dict(zip(distinct, scores, strict=True))
    for row in samples:
        score = by_answer[row["answer"]]
        row["score"], row["feedback"] = score.value, score.feedback


def _apply_gates(record: Record, program: _ProgramRun) -> None:
    """What the program would have answered with its gates."""
    round_, result = next(
        (pair for pair in program.results if pair[1].accepted), program.results[-1]
    )
    verdict = result.verdict
    leader = next(iter(verdict.supporters), None)
    row = next(
        (r for r in program.rows if r["round"] == round_.number and r["sample"] == leader), {}
    )
    record.answer, record.score, record.feedback = (
        verdict.answer,
        row.get("score", 0.0),
        row.get("feedback", ""),
    )
    record.round, record.confidence, record.votes = (
        round_.number,
        verdict.confidence,
        dict(verdict.votes),
    )
