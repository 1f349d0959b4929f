"""A cache of rounds: the same prompts on the same question cost nothing a second time.

An optimizer evaluates one program many times, and programs that differ in one round only. The
outcome of a round depends on its own prompts, the question, the plans that it sees and the seed.
Outcomes are cached by these, in memory and in a file. Therefore the rounds that are not compiled
are free (a surrogate of the program), and so is all work before an interruption.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import dspy

from ...models import Call
from ...models.ledger_line import check_line
from ...models.meter import metered, record_call
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.base import Sample, Verdict
from ...programs.prompt_inputs import plain_fields
from ...sandbox import TestOutcome, TestReport
from ...util.files import JsonlWriter, read_jsonl
from .round_line import OutcomeLine

_Plain = dict[str, Any]  # what JSON can hold


class RoundCache:
    """Outcomes of rounds by key.

    Args:
        path: the cache file; None caches in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._outcomes: dict[str, _Plain] = {}
        self._writer: JsonlWriter | None = None
        if path:
            for number, line in enumerate(read_jsonl(path), 1):
                check_line(OutcomeLine, line, path, number)
                self._outcomes[line["key"]] = line
            self._writer = JsonlWriter(path)
        self._running: dict[str, asyncio.Future[None]] = {}

    async def get_or_run(
        self, key: str, round_: CascadeRound, run: Callable[[], Awaitable[Any]]
    ) -> dspy.Prediction:
        """Return a round's outcome from the cache; else run the round, once for parallel requests.

        Args:
            key: the digest of all that decides the outcome.
            round_: the round.
            run: runs it.
        """
        # DSPy starts a slow question in a second thread, which waits here for the first.
        while key in self._running:
            await asyncio.wait([self._running[key]])
        if key in self._outcomes:
            for call in self._outcomes[key]["calls"]:
                record_call(Call.from_dict(call | {"restored": True}))
            return _load_outcome(self._outcomes[key], round_)
        self._running[key] = asyncio.get_running_loop().create_future()
        try:
            with metered() as meter:
                result = await run()
            outcome: _Plain = {"key": key}
            outcome |= _dump_outcome(result, round_)
            outcome["calls"] = [call.as_dict() for call in meter.calls]
            if self._writer:
                self._writer.append(outcome)
            self._outcomes[key] = outcome
            return result
        finally:
            self._running.pop(key).set_result(None)

    def close(self) -> None:
        """Close the cache file."""
        if self._writer:
            self._writer.close()


def _dump_outcome(result: dspy.Prediction, round_: CascadeRound) -> _Plain:
    """Return a round's outcome as plain data; traces only of samples that optimizers learn from."""
    traced = set(result.verdict.supporters[:1])
    if not traced:
        traced = {sample.index for sample in result.samples[:1]}
    samples = []
    for sample in result.samples:
        made_forwarded_plan = bool(sample.plan) and sample.plan == result.plan
        with_trace = made_forwarded_plan or sample.index in traced
        samples.append(_dump_sample(sample, round_, with_trace))
    return {
        "accepted": result.accepted,
        "plan": result.plan,
        "verdict": _dump_verdict(result.verdict),
        "samples": samples,
        "shared": _dump_sample(result.shared, round_, True) if result.shared else None,
    }


def _dump_verdict(verdict: Verdict) -> _Plain:
    return {
        "answer": verdict.answer,
        "confidence": verdict.confidence,
        "supporters": verdict.supporters,
        "votes": dict(verdict.votes),
        "words": verdict.explanation,
        "kind": verdict.kind,
    }


def _dump_sample(sample: Sample, round_: CascadeRound, with_trace: bool) -> _Plain:
    plain: _Plain = {
        "index": sample.index,
        "plan": sample.plan,
        "reasoning": sample.reasoning,
        "answer": sample.answer,
        "ballot": sample.vote_label,
        "unread": sample.unparsed_reply,
    }
    report = sample.report
    if report:
        outcomes = [vars(outcome) for outcome in report.outcomes]
        plain["report"] = {"outcomes": outcomes, "seconds": report.seconds}
    if with_trace:
        planner = round_.planner.predict if round_.planner else None
        plain["trace"] = []
        for predict, inputs, outputs in sample.trace:
            role = "planner" if predict is planner else "reasoner"
            plain["trace"].append([role, plain_fields(inputs), dict(outputs.items())])
    return plain


def _load_outcome(plain: _Plain, round_: CascadeRound) -> dspy.Prediction:
    return dspy.Prediction(
        verdict=_load_verdict(plain["verdict"]),
        accepted=plain["accepted"],
        plan=plain["plan"],
        samples=[_load_sample(sample, round_) for sample in plain["samples"]],
        shared=_load_sample(plain["shared"], round_) if plain["shared"] else None,
    )


def _load_verdict(plain: _Plain) -> Verdict:
    return Verdict(
        plain["answer"],
        plain["confidence"],
        tuple(plain["supporters"]),
        plain["votes"],
        plain.get("words", ""),
        plain.get("kind", ""),
    )


def _load_sample(plain: _Plain, round_: CascadeRound) -> Sample:
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
        outcomes = tuple(_load_test(outcome) for outcome in report["outcomes"])
        sample.report = TestReport(outcomes, report["seconds"])
    for role, inputs, outputs in plain.get("trace", []):
        module: Any = getattr(round_, role)
        sample.trace.append((module.predict, dict(inputs), dspy.Prediction(**outputs)))
    return sample


def _load_test(plain: _Plain) -> TestOutcome:
    known = {field.name for field in fields(TestOutcome)}
    return TestOutcome(**{name: value for name, value in plain.items() if name in known})
