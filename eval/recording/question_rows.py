"""The rows of one question in a recording: its samples, their calls, vote ids and scores."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dspy

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.code import CODE as AS_WRITTEN
from ...models import Call, Meter, Price, Usage, metered
from ...models.call_price import call_cost
from ...programs import Cascade, Sample
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.registry import confidence_by_name
from ...programs.progress import Progress
from ...stats.intervals import none_if_nan
from ..tasks.base import Task
from .schema import CALL_COLUMNS, SHARED_PLAN
from .vote_ids import assign_vote_ids

Row = dict[str, Any]


@dataclass(frozen=True)
class ProgramRun:
    """One program's rows of a question, and the result of each of its rounds."""

    name: str
    rows: list[Row]
    results: list[tuple[CascadeRound, dspy.Prediction]]


async def run_program(
    name: str, cascade: Cascade, question: str, inputs: Mapping[str, Any]
) -> ProgramRun:
    """Run every round of a program on a question, whatever its thresholds.

    Args:
        name: the program's name in the recording.
        cascade: the program.
        question: the question.
        inputs: the other inputs of the program.
    """
    progress = Progress()
    rows: list[Row] = []
    results = []
    for round_ in cascade.rounds():
        with metered() as meter:
            result = await cascade.run_round(round_, question, progress, dict(inputs))
        progress.add(round_.number, result)
        results.append((round_, result))
        for columns in _round_rows(round_, result, meter):
            row = {"preset": name, "round": round_.number, "confidence": result.verdict.kind}
            row.update(columns)
            rows.append(row)
    return ProgramRun(name, rows, results)


def _round_rows(round_: CascadeRound, result: dspy.Prediction, meter: Meter) -> list[Row]:
    """Return the row of the shared plan, if any, and one row for each sample."""
    rows: list[Row] = []
    shares_plan = bool(result.shared and round_.spec.planner)
    if shares_plan:
        plan_calls = [call for call in meter.calls if call.role == "plan"]
        row: Row = {
            "sample": SHARED_PLAN,
            "plan": result.shared.plan or None,
            "unread": result.shared.unparsed_reply,
            "handed_on": bool(result.plan),
        }
        row |= _call_columns("plan", plan_calls)
        row |= _call_columns("reason", [])
        rows.append(row)
    forwarded = _forwarding_sample(result)
    for sample in result.samples:
        plan_calls, reason_calls = _calls_of(sample, meter)
        row = {"sample": sample.index}
        row |= _sample_columns(sample)
        row["plan"] = (sample.plan or None) if round_.planner is not None else None
        row["handed_on"] = not shares_plan and sample.index == forwarded
        row |= _call_columns("plan", plan_calls)
        row |= _call_columns("reason", reason_calls)
        rows.append(row)
    return rows


def _calls_of(sample: Sample, meter: Meter) -> tuple[list[Call], list[Call]]:
    """Return the calls of a sample's planner, and those of its reasoner."""
    plan_calls: list[Call] = []
    reason_calls: list[Call] = []
    for call in meter.calls:
        if call.sample != sample.index:
            continue
        if call.role == "plan":
            plan_calls.append(call)
        else:
            reason_calls.append(call)
    return plan_calls, reason_calls


def _forwarding_sample(result: dspy.Prediction) -> int | None:
    """Return the index of the first sample whose plan the round forwards."""
    if not result.plan:
        return None
    for sample in result.samples:
        if sample.plan == result.plan:
            return sample.index
    return None


def _sample_columns(sample: Sample) -> Row:
    row: Row = {
        "answer": sample.answer,
        "ballot": sample.vote_label,
        "unread": sample.unparsed_reply,
        "refused": sample.refused,
        "reasoning": sample.reasoning or None,
    }
    if sample.p_true is not None:
        row["p_true"] = sample.p_true
    report = sample.report
    if report:
        row["tests_passed"] = report.passed
        row["tests_total"] = len(report.outcomes)
        row["tests_failure"] = report.message
    return row


def _call_columns(role: str, calls: Sequence[Call]) -> Row:
    """Return the usage of a sample's calls."""
    if not calls:
        return {f"{role}_calls": 0}
    usage = Usage.from_calls(calls)
    row: Row = {column.name: getattr(usage, column.name, None) for column in CALL_COLUMNS}
    # Calls about a sample, such as for its P(True), count; their tokens are not its reply's.
    own = [call for call in calls if call.role == role]
    row["truncated"] = any(call.truncated for call in own)
    if usage.unpriced:
        row["usd"] = None
    if own and all(call.logprob is not None for call in own):
        row["logprob"] = sum(call.logprob or 0.0 for call in own)
        row["logprob_tokens"] = sum(call.logprob_tokens or 0 for call in own)
        row["logprob_window"] = min(call.logprob_window or 0.0 for call in own)
    return {f"{role}_{name}": value for name, value in row.items()}


def repriced_columns(row: Row, tiers: Mapping[str, str | None], prices: Mapping[str, Price]) -> Row:
    """Return the costs of a row by other prices.

    Args:
        row: the row.
        tiers: the tier of each role, `plan` and `reason`.
        prices: the prices by tier; calls of other tiers keep their costs.
    """
    costs: Row = {}
    for role, tier in tiers.items():
        price = prices.get(tier or "")
        if price is None or not row.get(f"{role}_calls"):
            continue
        prompt = row.get(f"{role}_prompt_tokens")
        call = Call(
            prompt_tokens=prompt,
            prompt_shared=prompt == 0,
            completion_tokens=row.get(f"{role}_completion_tokens"),
            cached_tokens=row.get(f"{role}_cached_tokens") or 0,
            machine_seconds=row.get(f"{role}_machine_seconds"),
        )
        costs[f"{role}_usd"] = call_cost(call, price)
    return costs


async def number_votes(rows: Sequence[Row], answers: AnswerKind) -> None:
    """Set the columns `vote` and `vote_doubtful`, over all rounds of the question.

    Votes that are answers are compared with each other, whatever the rounds' confidences. Votes
    that a confidence writes itself are equal only if the same confidence wrote the same text.

    Args:
        rows: all rows of the question.
        answers: compares two answers.
    """
    groups: dict[str, list[Row]] = {}
    labels: dict[int, str | None] = {}
    for kind in dict.fromkeys(row["confidence"] for row in rows):
        confidence = confidence_by_name(kind)
        same_kind = [row for row in rows if row["confidence"] == kind]
        for row, label in zip(same_kind, confidence.vote_labels(same_kind), strict=True):
            labels[id(row)] = label
        group = "" if confidence.labels_are_answers else kind
        groups.setdefault(group, []).extend(same_kind)
    next_id, doubtful = 0, False
    for group, members in groups.items():
        votes = [labels[id(row)] for row in members]
        ids, ambiguous = await assign_vote_ids(votes, AS_WRITTEN if group else answers)
        doubtful = doubtful or ambiguous
        for row, vote_id in zip(members, ids, strict=True):
            row["vote"] = None if vote_id is None else next_id + vote_id
        next_id += 1 + max((vote_id for vote_id in ids if vote_id is not None), default=-1)
    for row in rows:
        row["vote_doubtful"] = doubtful


async def score_answers(task: Task, example: dspy.Example, rows: Sequence[Row]) -> None:
    """Set the columns `score` and `feedback`, unless the right answer is unknown.

    Each distinct answer is scored once.
    """
    if example.answer is None and getattr(task, "needs_reference", True):
        return
    samples = [row for row in rows if row["sample"] != SHARED_PLAN]
    distinct = list(dict.fromkeys(row["answer"] for row in samples))
    scores = await asyncio.gather(*(task.score(example, answer) for answer in distinct))
    by_answer = dict(zip(distinct, scores, strict=True))
    for row in samples:
        score = by_answer[row["answer"]]
        row["score"], row["feedback"] = none_if_nan(score.value), score.feedback
