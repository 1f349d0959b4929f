"""A replay as the records of an evaluation, so that the same table is made of both."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ...models.usage_row import UsageRow
from ...programs.confidence.registry import confidence_by_name
from ...programs.round_record import RoundRecord
from ...stats.intervals import known_or_none
from ..run.store import Record
from .replay import Replay
from .round import USAGE_FIELDS, ReplayedRound


@dataclass(frozen=True)
class ReplayedResults:
    """What a setting comes to.

    Attributes:
        results: of the questions whose outcome the record tells, in their order.
        unknown: how many questions need calls that the record does not hold, by what is lacking, in words.
    """

    results: list[Record]
    unknown: dict[str, int]


def replay_results(
    replay: Replay, limit: int | None = None, rows: Collection[int] | None = None
) -> ReplayedResults:
    """The records of a live run with `early_stop="none"` and the preset's thresholds.

    Args:
        replay: the preset on the questions of a record.
        limit: at most so many questions, from the start.
        rows: places of the questions; all when None.

    The records' rounds have no samples: those are in the record that is replayed.
    """
    outcomes, record = replay.outcomes(), replay.recording
    records, unknown = [], Counter[str]()
    for place in range(len(replay) if limit is None else min(limit, len(replay))):
        if rows is not None and place not in rows:
            continue
        ended = int(outcomes.round[place])
        if not outcomes.known[place]:
            unknown[replay.rounds[ended - 1].missing_reason] += 1
            continue
        rounds = [
            _round(replay.rounds[number], place, number + 1 == ended) for number in range(ended)
        ]
        usage = sorted(
            (row for number in range(ended) for row in _usage(replay.rounds[number], place)),
            key=lambda row: (row["tier"], row["round"], row["role"]),
        )
        costs = [row["usd"] for row in usage if row["usd"] is not None]
        made = Record(
            record.keys[place],
            record.ids[place],
            record.questions[place],
            record.gold[place],
            answer=outcomes.answer[place],
            score=known_or_none(outcomes.score[place]),
            round=ended,
            confidence=rounds[-1]["confidence"],
            votes=rounds[-1]["votes"],
            rounds=rounds,
            usage=usage,
            usd=sum(costs) if len(costs) == len(usage) else None,
        )
        records.append(made)
    return ReplayedResults(records, dict(unknown))


def _round(round_: ReplayedRound, place: int, ends: bool) -> RoundRecord:
    verdict, recorded, spec = round_.verdict, round_.recorded, round_.spec
    assert verdict and recorded and round_.order is not None
    leader, order = int(verdict.leader[place]), round_.order[place]
    return {
        "round": round_.number,
        "kind": str(recorded.kind[place]),
        "accepted": leader >= 0 and ends,
        "answer": recorded.answers[place, leader] if leader >= 0 else None,
        "confidence": float(verdict.confidence[place]),
        "threshold": spec.threshold,
        "votes": _votes(round_, place, order),
        "supporters": [int(index) for index in order if verdict.supporters[place, index]],
        "asked": spec.samples,
        "plan": round_.forwarded_plans[place],
    }


def _votes(round_: ReplayedRound, place: int, order: Any) -> dict[str, int]:
    """Return the supporters of each vote, written as its first supporter wrote it, the leading vote first."""
    recorded = round_.recorded
    assert recorded and round_.verdict
    votes, ballots, answers = (
        recorded.votes[place],
        recorded.vote_labels[place],
        recorded.answers[place],
    )
    texts: dict[int, str] = {}
    labels: list[str | None] = []
    for index in order:
        vote = int(votes[index])
        if vote < 0:
            labels.append(None)
            continue
        written = answers[index] if ballots[index] is None else ballots[index]
        labels.append(texts.setdefault(vote, str(written)))
    leader = int(round_.verdict.leader[place])
    leading = texts.get(int(votes[leader])) if leader >= 0 else None
    return confidence_by_name(recorded.kind[place]).count_votes(labels, leading)


def _usage(round_: ReplayedRound, place: int) -> Iterator[UsageRow]:
    for (tier, role), used in round_.usage.items():
        calls = int(used["calls"][place])
        if not calls:
            continue
        known = {name: known_or_none(float(used[name][place])) for name in USAGE_FIELDS}
        yield {
            "tier": tier,
            "round": round_.number,
            "role": role,
            "calls": calls,
            "hits": 0,
            "cancelled": 0,
            "prompt_tokens": _whole(known["prompt_tokens"]),
            "completion_tokens": _whole(known["completion_tokens"]),
            "cached_tokens": _whole(known["cached_tokens"]),
            "usd": known["usd"],
            "unpriced": calls if known["usd"] is None else 0,
            "seconds": known["seconds"],
            "machine_seconds": known["machine_seconds"],
        }


def _whole(count: float | None) -> int | None:
    return None if count is None else int(count)
