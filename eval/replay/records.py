"""Convert a replay to the results of an evaluation, so that both give the same table."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ...models.usage_row import UsageRow
from ...programs.confidence.registry import confidence_by_name
from ...programs.reply_counts import ReplyCounts
from ...programs.round_record import RoundRecord
from ...stats.intervals import none_if_nan
from ...util.arrays import Array
from ..recording.schema import USAGE_FIELDS
from ..run.store import QuestionResult
from .replay import Replay
from .replies import count_recorded_replies
from .results import ReplayOutcomes
from .round import ReplayedRound


@dataclass(frozen=True)
class ReplayedResults:
    """The results of one setting.

    Attributes:
        results: those of the questions with a known outcome, in the order of the recording.
        unknown: number of questions that need calls which the recording does not hold, by the
            reason.
        replies: number of replies of the results that were cut, refused or unreadable; None if
            unknown.
    """

    results: list[QuestionResult]
    unknown: dict[str, int]
    replies: ReplyCounts | None = None

    @property
    def questions(self) -> list[str]:
        """The questions that were answered."""
        return [result.question for result in self.results]


def replay_results(
    replay: Replay, limit: int | None = None, rows: Collection[int] | None = None
) -> ReplayedResults:
    """Return the results of a live run with `early_stop="none"` and the preset's thresholds.

    The rounds of the results have no samples, because the recording holds them.

    Args:
        replay: the preset on the questions of a recording.
        limit: maximum number of questions, from the start; None for all.
        rows: positions of the questions; None for all.
    """
    outcomes = replay.outcomes()
    results: list[QuestionResult] = []
    known: list[int] = []
    unknown = Counter[str]()
    count = len(replay) if limit is None else min(limit, len(replay))
    for index in range(count):
        if rows is not None and index not in rows:
            continue
        if outcomes.known[index]:
            known.append(index)
            results.append(_result(replay, outcomes, index))
        else:
            round_ = replay.rounds[int(outcomes.round[index]) - 1]
            unknown[round_.missing_reason] += 1
    replies = count_recorded_replies(replay, np.array(known, int), outcomes.round[known])
    return ReplayedResults(results, dict(unknown), replies)


def _result(replay: Replay, outcomes: ReplayOutcomes, index: int) -> QuestionResult:
    """Return the result of the question at a position."""
    recording = replay.recording
    last = int(outcomes.round[index])
    rounds: list[RoundRecord] = []
    usage: list[UsageRow] = []
    for round_ in replay.rounds[:last]:
        if round_.skipped is not None and round_.skipped[index]:
            continue
        rounds.append(_round_record(round_, index, answers=round_.number == last))
        usage += _usage_rows(round_, index)
    usage.sort(key=lambda row: (row["tier"], row["round"], row["role"]))
    costs = [row["usd"] for row in usage if row["usd"] is not None]
    return QuestionResult(
        recording.keys[index],
        recording.ids[index],
        recording.questions[index],
        recording.gold[index],
        answer=outcomes.answer[index],
        score=none_if_nan(outcomes.score[index]),
        round=last,
        confidence=rounds[-1]["confidence"],
        votes=rounds[-1]["votes"],
        rounds=rounds,
        usage=usage,
        usd=sum(costs) if len(costs) == len(usage) else None,
    )


def _round_record(round_: ReplayedRound, index: int, answers: bool) -> RoundRecord:
    record = _decided_round(round_, index, answers)
    if round_.raw_confidence is not None and not np.isnan(round_.raw_confidence[index]):
        record["raw_confidence"] = float(round_.raw_confidence[index])
    return record


def _decided_round(round_: ReplayedRound, index: int, answers: bool) -> RoundRecord:
    verdict, recorded = round_.verdict, round_.recorded
    assert verdict and recorded and round_.order is not None and round_.kinds is not None
    leader, order = int(verdict.leader[index]), round_.order[index]
    asked = round_.spec.samples if round_.drawn is None else int(round_.drawn[index])
    record: RoundRecord = {
        "round": round_.number,
        "kind": str(round_.kinds[index]),
        "accepted": leader >= 0 and answers,
        "answer": recorded.answers[index, leader] if leader >= 0 else None,
        "confidence": float(verdict.confidence[index]),
        "threshold": round_.spec.threshold,
        "votes": _votes(round_, index, order[:asked]),
        "supporters": [int(sample) for sample in order if verdict.supporters[index, sample]],
        "asked": asked,
        "plan": round_.forwarded_plans[index],
    }
    if asked < round_.spec.samples:
        record["undrawn"] = round_.spec.samples - asked
    return record


def _votes(round_: ReplayedRound, index: int, order: Array) -> dict[str, int]:
    """Return the number of supporters of each vote, the leading vote first.

    A vote is written as its first supporter wrote it.
    """
    recorded = round_.recorded
    assert recorded and round_.verdict and round_.kinds is not None
    votes, answers = recorded.votes[index], recorded.answers[index]
    vote_labels = recorded.vote_labels[index]
    texts: dict[int, str] = {}
    labels: list[str | None] = []
    for sample in order:
        vote = int(votes[sample])
        if vote < 0:
            labels.append(None)
            continue
        written = answers[sample] if vote_labels[sample] is None else vote_labels[sample]
        labels.append(texts.setdefault(vote, str(written)))
    leader = int(round_.verdict.leader[index])
    leading = texts.get(int(votes[leader])) if leader >= 0 else None
    return confidence_by_name(round_.kinds[index]).count_votes(labels, leading)


def _usage_rows(round_: ReplayedRound, index: int) -> list[UsageRow]:
    rows: list[UsageRow] = []
    for (tier, role), usage in round_.usage.items():
        calls = int(usage["calls"][index])
        if not calls:
            continue
        known = {name: none_if_nan(float(usage[name][index])) for name in USAGE_FIELDS}
        row: UsageRow = {
            "tier": tier,
            "round": round_.number,
            "role": role,
            "calls": calls,
            "hits": 0,
            "cancelled": 0,
            "prompt_tokens": _to_int(known["prompt_tokens"]),
            "completion_tokens": _to_int(known["completion_tokens"]),
            "cached_tokens": _to_int(known["cached_tokens"]),
            "usd": known["usd"],
            "unpriced": calls if known["usd"] is None else 0,
            "seconds": known["seconds"],
            "machine_seconds": known["machine_seconds"],
        }
        rows.append(row)
    return rows


def _to_int(count: float | None) -> int | None:
    return None if count is None else int(count)
