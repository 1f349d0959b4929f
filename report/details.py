"""The questions of a report as compact plain data.

The page reads the index when it opens. It reads the parts, which hold the samples, on demand.
"""

from collections.abc import Iterator
from typing import Any

from ..eval.run.store import QuestionResult
from ..models.usage_row import UsageRow
from ..programs.confidence.early_stopping import HEURISTIC_RULES
from ..programs.round_record import RoundRecord
from ..util.text import shorten
from .decisions import explain_decision
from .exchanges import ExchangePages
from .sources.base import ReportSource, ReportSystem, RoundView, Sample, is_right
from .story import episode_story

Details = dict[str, Any]
"""A JSON object of the page."""

Cells = list[Any]
"""A JSON array of the page whose positions have fixed meanings."""

QUESTIONS_PER_PART = 50
"""Number of questions in a part."""
_MAX_QUESTION_CHARS = 280  # of a question in the index
_MAX_ANSWER_CHARS = 60  # of an answer in the index


def question_index(source: ReportSource) -> Details:
    """Return the rows of the list of questions, with an outcome for each system.

    An outcome is null if the system has none. Otherwise it is a list of: round, right (1, 0, or
    null if unknown), confidence, answer, whether it differs from the last tier's (1, 0, null),
    tokens that the last tier wrote, and state: `ok`, `error`, `unknown`.
    """
    rows: list[Cells] = []
    for key, record in source.questions.items():
        question = shorten(record.question, _MAX_QUESTION_CHARS)
        gold = shorten(record.gold or "", _MAX_ANSWER_CHARS)
        outcomes = [_outcome(source, system, key) for system in source.systems]
        rows.append([record.id, question, gold, outcomes])
    pools: list[Cells] = []
    for system in source.systems:
        pools.append([round_.pool for round_ in system.rounds])
    return {"part": QUESTIONS_PER_PART, "pools": pools, "rows": rows}


def _outcome(source: ReportSource, system: ReportSystem, key: str) -> Cells | None:
    record = system.records_by_key.get(key)
    if record is None:
        if key not in system.unreplayable_at:
            return None
        return [system.unreplayable_at[key], None, None, None, None, None, "unknown"]
    if record.error is not None:
        return [record.round, None, None, None, None, None, "error"]
    right = _flag(is_right(record.score))
    answer = confidence = differs = None
    if record.answer is not None:
        answer = shorten(record.answer, _MAX_ANSWER_CHARS)
    if record.confidence is not None:
        confidence = round(record.confidence, 4)
    baseline = source.last_tier_alone
    if baseline and system is not baseline:
        differs = _differs_from_reference(source, record, baseline.records_by_key.get(key))
    tokens = _completion_tokens(record, source.last_tier)
    return [record.round, right, confidence, answer, differs, tokens, "ok"]


def _flag(value: bool | None) -> int | None:
    """Return 1 for True, 0 for False, and None for None."""
    return None if value is None else int(value)


def _completion_tokens(record: QuestionResult, tier: str) -> int | None:
    """Return the tokens that a tier wrote; None if unknown."""
    total = 0
    for row in record.usage:
        if row["tier"] == tier:
            if row["completion_tokens"] is None:
                return None
            total += row["completion_tokens"]
    return total


def _differs_from_reference(
    source: ReportSource, record: QuestionResult, reference: QuestionResult | None
) -> int | None:
    """Return whether the answer differs from the last tier's (1, 0); None if unknown.

    Programs differ if only one of both is right.
    """
    if reference is None or reference.error is not None:
        return None
    same_answer = source.same_answer
    if same_answer is None:
        return int(((record.score or 0.0) >= 1.0) != ((reference.score or 0.0) >= 1.0))
    if record.answer is None or reference.answer is None:
        return int(record.answer is not reference.answer)
    same = same_answer(record.answer, reference.answer)
    return None if same is None else _flag(not same)


def question_parts(source: ReportSource) -> Iterator[Details]:
    """Yield the details of the questions, in parts and in the order of the index.

    A part has `questions`, and `messages`, the texts that their calls name by their places.
    """
    pages = ExchangePages()
    keys = list(source.questions)
    for start in range(0, len(keys), QUESTIONS_PER_PART):
        pages.begin_part()
        part = keys[start : start + QUESTIONS_PER_PART]
        questions = [_question_details(source, key, pages) for key in part]
        yield {"messages": pages.messages, "questions": questions}


def _question_details(source: ReportSource, key: str, pages: ExchangePages) -> Details:
    question = source.questions[key]
    systems: list[Details | None] = []
    for system in source.systems:
        details = _system_details(system, system.records_by_key.get(key))
        if details is not None:
            details |= pages.details(system.calls_of(key))
        systems.append(details)
    pools = {number: _pool_details(samples) for number, samples in source.samples_of(key).items()}
    return {
        "question": question.question,
        "gold": question.gold,
        "pools": pools,
        "systems": systems,
    }


def _pool_details(samples: list[Sample]) -> Details:
    """Return the samples of a round; a plan that all samples share is stored once."""
    known = [_drop_empty(sample) for sample in samples]
    details: Details = {"samples": known}
    plans = {sample.get("plan") for sample in samples}
    if len(samples) > 1 and len(plans) == 1:
        shared = plans.pop()
        if shared:
            for sample in known:
                sample.pop("plan", None)
            details["plan"] = shared
    return details


def _drop_empty(values: Details) -> Details:
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _system_details(system: ReportSystem, record: QuestionResult | None) -> Details | None:
    if record is None:
        return None
    rounds: list[Details] = []
    for round_record in record.rounds:
        if round_record["round"] <= len(system.rounds):
            rounds.append(_round_details(system, record, round_record))
    details: Details = {
        "answer": record.answer,
        "feedback": record.feedback,
        "error": record.error,
    }
    if record.seconds:
        details["seconds"] = round(record.seconds, 2)
    details["usd"] = record.usd
    details["rounds"] = rounds
    story = episode_story(record)
    if story:
        details["story"] = story
    return _drop_empty(details)


def _round_details(
    system: ReportSystem, record: QuestionResult, round_record: RoundRecord
) -> Details:
    view: RoundView = system.rounds[round_record["round"] - 1]
    usage = [_usage_cells(row) for row in record.usage if row["round"] == view.number]
    votes_of, forwarded_plan = view.samples, None
    if round_record.get("early_stop") in HEURISTIC_RULES:  # shares are of the samples drawn
        votes_of = round_record["asked"]
    if not round_record["accepted"]:
        forwarded_plan = round_record.get("plan")
    return {
        "number": view.number,
        "pool": view.pool,
        "drawn": round_record["asked"],
        "of": view.samples,
        "votes_of": votes_of,
        "supporters": list(round_record["supporters"]),
        "accepted": bool(round_record["accepted"]),
        "confidence": round(round_record["confidence"], 4),
        "threshold": round_record["threshold"],
        "right": system.is_right.get((record.key, view.number)),
        "why": explain_decision(round_record, view, view.number == len(system.rounds)),
        "on": forwarded_plan,
        "used": usage,
    }


def _usage_cells(row: UsageRow) -> Cells:
    seconds = row["machine_seconds"]
    if seconds is not None:
        seconds = round(seconds, 3)
    return [
        row["tier"],
        row["role"],
        row["calls"],
        row["prompt_tokens"],
        row["completion_tokens"],
        row["usd"],
        seconds,
    ]
