"""Summarize the results of an evaluation: overall, by round, and compared with a baseline."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...models import Usage
from ...models.cost import CostBounds
from ...models.prices import Price
from ...models.reprice import prices_to_json
from ...models.usage_row import UsageRow
from ...models.usage_rows import spent_rows
from ...programs.model_time import ModelTime, model_time
from ...programs.reply_counts import ReplyCounts
from ...programs.round_record import is_ranked
from ...stats.intervals import none_if_nan
from ...stats.tiers import LARGE
from .breakdown import Breakdown
from .episode_summary import EpisodeSummary, summarize_episodes
from .give_up import GiveUpSummary
from .hedging import HedgingSummary
from .judge_summary import JudgeSummary, summarize_judge
from .repeats import Repeats
from .store import QuestionResult


@dataclass(frozen=True)
class RoundSummary:
    """The summary of one round.

    Attributes:
        round: the number of the round, from 1.
        reached: number of questions that reached the round.
        answered: number of questions that it answered.
        share: `answered` as a share of all questions.
        accuracy: mean score of the answered questions; None if unknown or without any.
        usage: the calls of the round for all questions.
    """

    round: int
    reached: int
    answered: int
    share: float
    accuracy: float | None
    usage: Usage

    def as_dict(self) -> dict[str, Any]:
        """Return the round as plain data."""
        return {
            "round": self.round,
            "reached": self.reached,
            "answered": self.answered,
            "share": self.share,
            "accuracy": self.accuracy,
            "spent": self.usage.summary(),
        }


@dataclass(frozen=True)
class BaselineResult:
    """The last tier alone on the same questions, in an earlier run.

    Attributes:
        accuracy: mean score; None if unknown.
        usage: its calls.
        run: the name of the folder of the run, or of the recording.
        tier: the last tier.
    """

    accuracy: float | None
    usage: Usage
    run: str
    tier: str = LARGE

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "accuracy": self.accuracy,
            "spent": self.usage.summary(),
            "run": self.run,
            "tier": self.tier,
        }


@dataclass(frozen=True)
class Summary:
    """The summary of an evaluation.

    Attributes:
        n: number of questions with a result, without `errors`.
        errors: number of questions on which a model failed; they count nowhere else.
        accuracy: mean score; None if some questions have no right answer.
        interval: the 95% Wilson interval of the accuracy, over the effective number of independent
            questions; 0 to 1 if the accuracy is None.
        unreadable: number of questions without a readable answer, which are counted as wrong.
        rounds: the rounds or stages.
        tiers: the usage by tier.
        total: the usage of all calls; those that a cache answered count as they did originally.
        spent: the usage of the calls that no cache answered.
        seconds_per_question: mean model time; None if unknown.
        baseline: the last tier alone; None without such a run.
        replies: number of replies that were cut, refused or unreadable; None if unknown.
        ranked: whether a round compared the rank of its confidence with its threshold.
        prices: the user's prices by tier, which the costs follow; other tiers cost what was noted
            with their calls.
        judge: the judge that scored the answers; None without one.
        breakdown: the summaries of the questions by a field of their rows; None without one.
        repeats: what the results of several seeds say together; None with one seed.
        hedging: what plans that were started early saved and wasted; None without any.
        episodes: what agents did; None where the questions are no games.
        give_up: what leaving rounds early saved; None where none was left.
        time: the model time beside that of the last tier alone; None where one is not known.
    """

    n: int
    errors: int
    accuracy: float | None
    interval: tuple[float, float]
    unreadable: int
    rounds: tuple[RoundSummary, ...]
    tiers: dict[str, Usage]
    total: Usage
    spent: Usage
    seconds_per_question: float | None
    baseline: BaselineResult | None = None
    replies: ReplyCounts | None = None
    ranked: bool = False
    prices: Mapping[str, Price] = field(default_factory=dict)
    judge: JudgeSummary | None = None
    breakdown: Breakdown | None = None
    repeats: Repeats | None = None
    hedging: HedgingSummary | None = None
    episodes: EpisodeSummary | None = None
    give_up: GiveUpSummary | None = None
    time: ModelTime | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain data; `judge` is there when a judge scored the answers."""
        document: dict[str, Any] = {
            "n": self.n,
            "errors": self.errors,
            "accuracy": self.accuracy,
            "interval": self.interval,
            "unreadable": self.unreadable,
            "replies": None if self.replies is None else self.replies.as_dict(),
            "rounds": [round_.as_dict() for round_ in self.rounds],
            "tiers": {tier: usage.summary() for tier, usage in self.tiers.items()},
            "total": self.total.summary(),
            "spent_now": self.spent.summary(),
            "prices": prices_to_json(self.prices),
            "seconds_per_question": self.seconds_per_question,
            "large_alone": None if self.baseline is None else self.baseline.as_dict(),
        }
        if self.judge is not None:
            document["judge"] = self.judge.as_dict()
        if self.breakdown is not None:
            document["by"] = self.breakdown.as_dict()
        if self.repeats is not None:
            document["repeats"] = self.repeats.as_dict()
        if self.hedging is not None:
            document["hedging"] = self.hedging.as_dict()
        if self.episodes is not None:
            document["episodes"] = self.episodes.as_dict()
        if self.give_up is not None:
            document["give_up"] = self.give_up.as_dict()
        if self.time is not None:
            document["model_time"] = self.time.as_dict()
        return document


def summarize(
    results: Sequence[QuestionResult],
    rounds: int,
    baseline: BaselineResult | None = None,
    groups: Mapping[str, str] | None = None,
    prices: Mapping[str, Price] | None = None,
) -> Summary:
    """Summarize the results of an evaluation.

    Args:
        results: one for each question.
        rounds: number of rounds or stages of the system.
        baseline: the last tier alone on the same questions.
        groups: the group of a question by its key. The questions of a group are not independent.
        prices: the user's prices by tier, by which the results are priced.
    """
    import numpy as np

    from ...stats.clustered import clustered_wilson, group_labels

    answered = [result for result in results if result.error is None]
    labels = group_labels([result.key for result in answered], groups)
    n = len(answered)
    total = _usage_of(answered)
    seconds = total.machine_seconds
    return Summary(
        n=n,
        errors=len(results) - n,
        accuracy=mean_score(answered),
        interval=clustered_wilson(np.array(_scores(answered)), labels),
        unreadable=sum(result.answer is None for result in answered),
        rounds=tuple(_summarize_round(answered, number) for number in range(1, rounds + 1)),
        tiers=_usage_by_tier(answered),
        total=total,
        spent=_spent(answered),
        seconds_per_question=seconds / n if n and seconds is not None else None,
        baseline=baseline,
        replies=ReplyCounts.of_rounds(round_ for result in answered for round_ in result.rounds),
        ranked=any(is_ranked(round_) for result in answered for round_ in result.rounds),
        prices=dict(prices or {}),
        judge=summarize_judge(answered),
        hedging=HedgingSummary.of_results(answered),
        episodes=summarize_episodes(answered),
        give_up=GiveUpSummary.of_results(answered),
    )


def with_time(
    summary: Summary, results: Sequence[QuestionResult], models: Mapping[str, str], last_tier: str
) -> Summary:
    """Return a summary with the model time beside that of the last tier alone.

    Args:
        summary: of the results.
        results: one for each question.
        models: the model of each tier of the system.
        last_tier: its last tier.
    """
    answered = [result for result in results if result.error is None]
    usage = [row for result in answered for row in result.usage]
    measured = None if summary.baseline is None else summary.baseline.usage.machine_seconds
    return replace(summary, time=model_time(usage, len(answered), models, last_tier, measured))


def mean_score(results: Sequence[QuestionResult]) -> float | None:
    """Return the accuracy of results without errors.

    None without results, or if some questions have no right answer.
    """
    if not results:
        return None
    return none_if_nan(sum(_scores(results)) / len(results))


def _scores(results: Sequence[QuestionResult]) -> list[float]:
    return [math.nan if result.score is None else result.score for result in results]


def _spent(results: Sequence[QuestionResult]) -> Usage:
    return Usage.from_rows(spent_rows(row for result in results for row in result.usage))


def spent_cost(results: Sequence[QuestionResult]) -> CostBounds:
    """Return what the calls of results cost that no cache answered."""
    return _spent(results).cost


def _usage_of(results: Sequence[QuestionResult]) -> Usage:
    return Usage.from_rows(row for result in results for row in result.usage)


def _usage_by_tier(results: Sequence[QuestionResult]) -> dict[str, Usage]:
    """Return the usage of each tier, sorted by name in descending order: small before large."""
    rows: dict[str, list[UsageRow]] = {}
    for result in results:
        for row in result.usage:
            rows.setdefault(row["tier"], []).append(row)
    return {tier: Usage.from_rows(rows[tier]) for tier in sorted(rows, reverse=True)}


def _summarize_round(results: Sequence[QuestionResult], number: int) -> RoundSummary:
    answered = [result for result in results if result.round == number]
    rows: list[UsageRow] = []
    for result in results:
        rows += [row for row in result.usage if row["round"] == number]
    return RoundSummary(
        round=number,
        reached=sum((result.round or 0) >= number for result in results),
        answered=len(answered),
        share=len(answered) / len(results) if results else 0.0,
        accuracy=mean_score(answered),
        usage=Usage.from_rows(rows),
    )
