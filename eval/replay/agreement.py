"""Replay agreement-based cascading on a recording of several small models."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...answers.kinds.registry import ANSWER_KINDS
from ...errors import CopeError
from ...models.event_loop import run_sync
from ...models.prices import Price
from ...programs.confidence.base import Sample
from ...programs.systems.agreement_cascade import AgreementSettings, accepts_share, small_tiers
from ...programs.systems.pooled_votes import pool_votes, pooled_record
from ...programs.systems.settings import parse_settings
from ...stats.tiers import LARGE
from ..recording.recording import Recording
from ..run.store import QuestionResult
from .records import ReplayedResults
from .trained import merge_results, tier_results


def replay_agreement(
    recording: Recording,
    settings: Mapping[str, Any],
    prices: Mapping[str, Price] | None = None,
    limit: int | None = None,
) -> ReplayedResults:
    """Return the results of `abc` on the questions of a recording.

    Args:
        recording: the recording; each small model answered each question once or more often, and
            its first answer counts.
        settings: those of the system, see `AgreementSettings`.
        prices: the user's price of a tier.
        limit: maximum number of questions, from the start; None for all.

    Raises:
        CopeError: when the recording has one small model, or lacks the calls of a tier alone.
    """
    chosen = parse_settings(AgreementSettings, dict(settings), "abc")
    if chosen.samples:
        raise CopeError("abc: samples of one model are not replayed: leave out samples")
    small = small_tiers(chosen, list(recording.models))
    alone = tier_results(recording, dict.fromkeys((*small, LARGE), 1), prices, limit)
    by_tier = {tier: {row.key: row for row in rows} for tier, rows in alone.items()}
    results = []
    for key in by_tier[LARGE]:
        if all(key in rows for rows in by_tier.values()):
            asked = [by_tier[tier][key] for tier in small]
            answers = ANSWER_KINDS.by_name(recording.manifest.kind_of_answers)
            results.append(run_sync(_decide(asked, by_tier[LARGE][key], answers, chosen.theta)))
    return ReplayedResults(results, {})


async def _decide(
    asked: Sequence[QuestionResult], large: QuestionResult, answers: Any, theta: float
) -> QuestionResult:
    """Return the result of a question.

    Args:
        asked: the results of the small models.
        large: that of the large one.
        answers: the kind of answers.
        theta: the share that must be exceeded.
    """
    samples = [Sample(number, answer=one.answer) for number, one in enumerate(asked)]
    verdict = await pool_votes(samples, answers)
    accepted = accepts_share(verdict, theta)
    record = pooled_record(samples, verdict, accepted=accepted, threshold=theta, seconds=0.0)
    del record["samples"]  # the recording holds them
    steps = [(1, one) for one in asked]
    if not accepted:
        merged = merge_results(large, [*steps, (2, large)], 2)
        merged.rounds = [record, *merged.rounds[len(steps) :]]
        return merged
    merged = merge_results(asked[verdict.supporters[0]], steps, 1)
    merged.rounds = [record]
    merged.confidence, merged.votes = verdict.confidence, dict(verdict.votes)
    return merged
