"""What the records of an evaluation add up to: overall, by round, and beside the large tier alone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...models import Usage
from ...stats.intervals import none_if_nan
from ...stats.tiers import LARGE
from .store import QuestionResult, find_runs


@dataclass(frozen=True)
class RoundSummary:
    """One round: how many questions it answered and how well, and what its calls took over all questions."""

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
    """What the last tier alone did on the same questions, from an earlier run."""

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
    """An evaluation's figures.

    Attributes:
        n: questions with an outcome; those on which a model failed are `errors` and count nowhere else.
        accuracy: mean score, with its 95% Wilson interval over the independent questions that they are worth; None, and the
            interval 0 to 1, where some have no right answer.
        unreadable: questions without a readable answer, counted as wrong.
    """

    n: int
    errors: int
    accuracy: float | None
    interval: tuple[float, float]
    unreadable: int
    rounds: tuple[RoundSummary, ...]
    tiers: dict[str, Usage]
    total: Usage
    seconds_per_question: float | None
    baseline: BaselineResult | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        baseline = self.baseline
        return {
            "n": self.n,
            "errors": self.errors,
            "accuracy": self.accuracy,
            "interval": self.interval,
            "unreadable": self.unreadable,
            "rounds": [round_.as_dict() for round_ in self.rounds],
            "tiers": {tier: usage.summary() for tier, usage in self.tiers.items()},
            "total": self.total.summary(),
            "seconds_per_question": self.seconds_per_question,
            "large_alone": None if baseline is None else baseline.as_dict(),
        }


def summarize(
    results: Sequence[QuestionResult],
    rounds: int,
    baseline: BaselineResult | None = None,
    groups: Mapping[str, str] | None = None,
) -> Summary:
    """The figures of some records.

    Args:
        results: one for each question.
        rounds: how many stages the system has.
        baseline: the last tier alone on the same questions.
        groups: by a question's key, what it belongs to; questions of a group hang together.
    """
    import numpy as np

    from ...stats.clustered import clustered_wilson, group_labels

    good = [record for record in results if record.error is None]
    scores = _scores(good)
    usage = [row for record in good for row in record.usage]
    n, seconds = len(good), Usage.from_rows(usage).machine_seconds
    return Summary(
        n=n,
        errors=len(results) - n,
        accuracy=mean_score(good),
        interval=clustered_wilson(
            np.array(scores), group_labels([record.key for record in good], groups)
        ),
        unreadable=sum(record.answer is None for record in good),
        rounds=tuple(_round(good, number) for number in range(1, rounds + 1)),
        tiers={
            t: Usage.from_rows(r for r in usage if r["tier"] == t)
            for t in sorted({r["tier"] for r in usage}, reverse=True)
        },
        total=Usage.from_rows(usage),
        seconds_per_question=seconds / n if n and seconds is not None else None,
        baseline=baseline,
    )


def mean_score(results: Sequence[QuestionResult]) -> float | None:
    """Accuracy of records without errors; None without any, or where some have no right answer."""
    return none_if_nan(sum(_scores(results)) / len(results)) if results else None


def _scores(records: Sequence[QuestionResult]) -> list[float]:
    return [math.nan if record.score is None else record.score for record in records]


def _round(records: Sequence[QuestionResult], number: int) -> RoundSummary:
    answered = [record for record in records if record.round == number]
    return RoundSummary(
        round=number,
        reached=sum((record.round or 0) >= number for record in records),
        answered=len(answered),
        share=len(answered) / len(records) if records else 0.0,
        accuracy=mean_score(answered),
        usage=Usage.from_rows(
            row for record in records for row in record.usage if row["round"] == number
        ),
    )


def find_baseline_run(
    root: Path, settings: dict[str, Any], results: Sequence[QuestionResult], model: str, tier: str
) -> BaselineResult | None:
    """Find the run of the last tier alone on the same questions with the same model.

    Args:
        root: the folder of runs.
        settings: those of the run that is compared with it.
        results: its records.
        model: the last tier's model.
        tier: the last tier.

    Returns:
        None when the folder has no run that covers the questions.
    """
    if settings["preset"] == tier:
        return None
    wanted = {record.key for record in results if record.error is None}
    for run in find_runs(root, task=settings["task"], preset=tier):
        if run.settings.get("models", {}).get(tier) != model:
            continue
        try:
            answered = run.answered
        except CopeError:
            continue  # a damaged run is none to compare with, and no reason to lose this one's summary
        if wanted and wanted <= answered.keys():
            same = [answered[key] for key in wanted]
            return BaselineResult(
                mean_score(same),
                Usage.from_rows(row for record in same for row in record.usage),
                run.path.name,
                tier,
            )
    return None
