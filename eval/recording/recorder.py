"""Record every round of some programs on every question, with all samples.

All rounds are run, also those that the thresholds of a live run would skip.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict, cast

import dspy

from ... import __version__
from ...errors import CopeError
from ...models import Price, metered
from ...programs import Cascade
from ...programs.confidence.early_stopping import NONE
from ...programs.ensemble import members_of
from ...programs.results import usage_summary
from ...util.arguments import check_argument
from ...util.hashing import digest
from ..run.evaluate import QuestionRunner
from ..run.store import QuestionResult
from ..tasks.base import Task
from .other_usage import other_usage
from .question_rows import (
    ProgramRun,
    Row,
    number_votes,
    repriced_columns,
    run_program,
    score_answers,
)
from .schema import RecordingManifest


class ProgramRows(TypedDict):
    """The rows of one program, as `records.jsonl` of a recording holds them in place of rounds."""

    program: str
    print: str
    rows: list[Row]


def program_rows(result: QuestionResult) -> list[ProgramRows]:
    """Return the rows of each program, which a recording stores in place of rounds."""
    return cast(list[ProgramRows], result.rounds)


@dataclass(frozen=True)
class Recorder:
    """Run every round of one or more programs on each question.

    A round after an accepted one also runs, with the plan that would be forwarded to it.

    Args:
        cascades: the programs by name, the recording's own first; all on the models of one team,
            with the same seed.

    Raises:
        CopeError: for an ensemble, or a program that does not draw all samples.
    """

    cascades: Mapping[str, Cascade]

    def __post_init__(self) -> None:
        remedy = "a dict of one or more programs, such as {'cope': Cascade('cope')}"
        check_argument("Recorder(cascades)", self.cascades or None, Mapping, remedy)
        for name, cascade in self.cascades.items():
            check_argument(f"Recorder(cascades)[{name!r}]", cascade, Cascade, "a Cascade")
            if len(members_of(cascade)) > 1:
                raise CopeError(f"{name} is an ensemble: record its programs one by one")
            if cascade.early_stop != NONE:
                raise CopeError(f"{name} leaves samples out: make it with early_stop={NONE!r}")
            if cascade.give_up is not None:
                raise CopeError(f"{name} leaves rounds early: make it without give_up=")

    @property
    def primary(self) -> Cascade:
        """The recording's own program."""
        return next(iter(self.cascades.values()))

    @property
    def runner(self) -> QuestionRunner[Cascade]:
        """The function with which `evaluate` asks a question.

        The `rounds` of a result then hold `ProgramRows`.
        """
        return self._ask

    def fingerprints(self) -> dict[str, str]:
        """Return a digest of each program's prompts, settings and models, without its thresholds.

        Thresholds change no call.
        """
        fingerprints = {}
        for name, cascade in self.cascades.items():
            models = [cascade.team[tier].model for tier in cascade.preset.tiers]
            fingerprints[name] = digest(_without_thresholds(cascade.dump_state()), models)
        return fingerprints

    def covers(self, result: QuestionResult) -> bool:
        """Return whether a question's result has the rows of all programs."""
        stored = {entry["program"]: entry["print"] for entry in program_rows(result)}
        expected = self.fingerprints()
        return all(stored.get(name) == fingerprint for name, fingerprint in expected.items())

    async def _ask(
        self, task: Task, example: dspy.Example, _: Cascade, result: QuestionResult
    ) -> None:
        inputs = dict(example.inputs().items())
        question = str(inputs.pop("question"))
        runs: list[ProgramRun] = []
        with metered() as meter:
            for name, cascade in self.cascades.items():
                runs.append(await run_program(name, cascade, question, inputs))
        rows = [row for run in runs for row in run.rows]
        await number_votes(rows, self.primary.answers)
        with metered() as judge_meter:
            await score_answers(task, example, rows)
        result.judge_usage = usage_summary(judge_meter)["usage"]
        _apply_gates(result, runs[0])
        usage = usage_summary(meter)
        result.usage, result.usd = usage["usage"], usage["cost"]
        fingerprints = self.fingerprints()
        stored: list[ProgramRows] = []
        for run in runs:
            stored.append({"program": run.name, "print": fingerprints[run.name], "rows": run.rows})
        result.rounds = cast(Any, stored)

    def rows(
        self,
        results: Sequence[QuestionResult],
        groups: Mapping[str, str] | None = None,
        prices: Mapping[str, Price] | None = None,
        fields: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Iterator[Row]:
        """Yield the rows of a recording's file.

        Args:
            results: those of the questions, in order; those with an error have no rows.
            groups: the group of a question by its key.
            prices: by tier, which all calls are priced by.
            fields: the short fields of a question's row by its key.
        """
        for result in results:
            if result.error:
                continue
            question: Row = {
                "key": result.key,
                "id": result.id,
                "question": result.question,
                "gold": result.gold,
                "group": (groups or {}).get(result.key),
            }
            of_row = (fields or {}).get(result.key)
            if of_row:
                question["fields"] = json.dumps(dict(of_row), ensure_ascii=False)
            stored = {entry["program"]: entry["rows"] for entry in program_rows(result)}
            for name, cascade in self.cascades.items():
                for row in stored[name]:
                    spec = cascade.preset.rounds[row["round"] - 1]
                    tiers = {"plan": spec.planner, "reason": spec.reasoner}
                    yield question | row | repriced_columns(row, tiers, prices or {})

    def manifest(
        self, task: Task, results: Sequence[QuestionResult], **more: Any
    ) -> RecordingManifest:
        """Return the description of where the rows come from.

        Args:
            task: the task.
            results: those of all questions, failures included.
            more: further fields of the manifest.
        """
        answered = [result for result in results if result.error is None]
        failed = [{"id": result.id, "error": result.error} for result in results if result.error]
        programs, tiers = [], {}
        for name, cascade in self.cascades.items():
            state = cascade.dump_state()
            programs.append(
                {"name": name, "preset": state["preset"], "digest": digest(state), "state": state}
            )
            tiers |= dict.fromkeys(cascade.preset.tiers)
        team = self.primary.team
        weights = {}
        for tier in tiers:
            weights_digest = team[tier].weights_digest()
            if weights_digest:
                weights[tier] = weights_digest
        return RecordingManifest(
            task=task.name,
            models={tier: team[tier].model for tier in tiers},
            weights=weights,
            programs=programs,
            seed=self.primary.seed,
            questions=len(answered),
            domain=task.domain,
            answer_kind=self.primary.answer_kind,
            data_fingerprint=digest([(result.question, result.gold) for result in answered]),
            failed=failed,
            other_usage=cast(Any, other_usage(results)),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
            **more,
        )


def _without_thresholds(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of a program without the thresholds of its rounds."""
    rounds = []
    for round_ in state["preset"]["rounds"]:
        rounds.append({name: value for name, value in round_.items() if name != "threshold"})
    copy = dict(state)
    copy["preset"] = dict(state["preset"])
    copy["preset"]["rounds"] = rounds
    return copy


def _apply_gates(result: QuestionResult, run: ProgramRun) -> None:
    """Set the answer that the program would have given with its thresholds."""
    decided, prediction = run.results[-1]
    for round_, candidate in run.results:
        if candidate.accepted:
            decided, prediction = round_, candidate
            break
    verdict = prediction.verdict
    answer_row: Row = {}
    if verdict.supporters:
        leader = verdict.supporters[0]
        for row in run.rows:
            if row["round"] == decided.number and row["sample"] == leader:
                answer_row = row
    result.answer = verdict.answer
    result.score = answer_row.get("score", 0.0)
    result.feedback = answer_row.get("feedback", "")
    result.round, result.confidence = decided.number, verdict.confidence
    result.votes = dict(verdict.votes)
