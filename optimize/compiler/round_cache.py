"""Rounds that were run before: the same prompts on the same question cost nothing a second time.

An optimizer asks one program many times, and programs that differ in one round alone. A round's outcome depends on its
own prompts, the question, the plans it sees and the seed; keyed by these it is kept, in memory and in a file, so that the
rounds that are not being compiled are free (a surrogate of the program), and so is all that was done before an interruption.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import dspy

from ...models import Call
from ...models.meter import metered, record_call
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.base import Sample, Verdict
from ...sandbox import TestOutcome, TestReport
from ...util.files import JsonlWriter, read_jsonl


class RoundCache:
    """Outcomes of rounds by key.

    Args:
        path: the file that they are kept in; None keeps them in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._kept: dict[str, dict[str, Any]] = (
            {line["key"]: line for line in read_jsonl(path)} if path else {}
        )
        self._appender = JsonlWriter(path) if path else None
        self._running: dict[str, asyncio.Future[None]] = {}

    async def get_or_run(
        self, key: str, round_: CascadeRound, make: Callable[[], Awaitable[Any]]
    ) -> dspy.Prediction:
        """A round's outcome; made when it is not known, and made once when it is asked for twice at the same time."""
        while running := self._running.get(key):
            await asyncio.wait([running])  # DSPy hands a slow question to a second thread
        if key in self._kept:
            for call in self._kept[key]["calls"]:
                record_call(Call.from_dict({**call, "restored": True}))
            return _load_outcome(self._kept[key], round_)
        self._running[key] = asyncio.get_running_loop().create_future()
        try:
            with metered() as meter:
                result = await make()
            self._keep(
                key,
                {
                    **_dump_outcome(result, round_),
                    "calls": [call.as_dict() for call in meter.calls],
                },
            )
            return result
        finally:
            self._running.pop(key).set_result(None)

    def _keep(self, key: str, outcome: dict[str, Any]) -> None:
        line = {"key": key, **outcome}
        if self._appender:
            self._appender.append(line)
        self._kept[key] = line

    def close(self) -> None:
        if self._appender:
            self._appender.close()


def _dump_outcome(result: dspy.Prediction, round_: CascadeRound) -> dict[str, Any]:
    """A round's outcome as plain data; traces are kept of the samples that anyone learns from."""
    told = {*result.verdict.supporters[:1]} or {s.index for s in result.samples[:1]}
    told |= {s.index for s in result.samples if s.plan and s.plan == result.plan}
    return {
        "accepted": result.accepted,
        "plan": result.plan,
        "verdict": _plain_verdict(result.verdict),
        "samples": [_dump_sample(s, round_, s.index in told) for s in result.samples],
        "shared": _dump_sample(result.shared, round_, True) if result.shared else None,
    }


def _plain_verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "answer": verdict.answer,
        "confidence": verdict.confidence,
        "supporters": verdict.supporters,
        "votes": dict(verdict.votes),
        "words": verdict.explanation,
        "kind": verdict.kind,
    }


def _dump_sample(sample: Sample, round_: CascadeRound, traced: bool) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "index": sample.index,
        "plan": sample.plan,
        "reasoning": sample.reasoning,
        "answer": sample.answer,
        "ballot": sample.vote_label,
        "unread": sample.unparsed_reply,
    }
    if sample.report:
        plain["report"] = {
            "outcomes": [vars(o) for o in sample.report.outcomes],
            "seconds": sample.report.seconds,
        }
    if traced:
        planner = round_.planner.predict if round_.planner else None
        plain["trace"] = [
            ["planner" if predict is planner else "reasoner", inputs, dict(outputs.items())]
            for predict, inputs, outputs in sample.trace
        ]
    return plain


def _load_outcome(line: dict[str, Any], round_: CascadeRound) -> dspy.Prediction:
    return dspy.Prediction(
        verdict=_restored_verdict(line["verdict"]),
        accepted=line["accepted"],
        plan=line["plan"],
        samples=[_load_sample(plain, round_) for plain in line["samples"]],
        shared=_load_sample(line["shared"], round_) if line["shared"] else None,
    )


def _restored_verdict(plain: dict[str, Any]) -> Verdict:
    return Verdict(
        plain["answer"],
        plain["confidence"],
        tuple(plain["supporters"]),
        plain["votes"],
        plain.get("words", ""),
        plain.get("kind", ""),
    )


def _load_sample(plain: dict[str, Any], round_: CascadeRound) -> Sample:
    sample = Sample(
        plain["index"],
        plain["plan"],
        plain["reasoning"],
        plain["answer"],
        vote_label=plain.get("ballot"),
        unparsed_reply=plain.get("unread"),
    )
    report = plain.get("report")
    if report:
        sample.report = TestReport(
            tuple(TestOutcome(**outcome) for outcome in report["outcomes"]), report["seconds"]
        )
    for role, inputs, outputs in plain.get("trace", []):
        module: Any = getattr(round_, role)
        sample.trace.append((module.predict, dict(inputs), dspy.Prediction(**outputs)))
    return sample
