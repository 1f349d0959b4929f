"""One system evaluated with several seeds: how much of its result the seed decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ...stats.clustered import group_labels
from ...stats.repeats import Consistency, consistency
from .store import QuestionResult


@dataclass(frozen=True)
class Repeats:
    """The results of one system by seed.

    Attributes:
        seeds: the seeds.
        found: the statistics of the questions that were answered with every seed; None if there is
            no such question, or one seed.
        unstable: the ids of the questions that are right with some seeds and not with others.
    """

    seeds: tuple[int, ...]
    found: Consistency | None
    unstable: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        document: dict[str, Any] = {"seeds": list(self.seeds)}
        if self.found:
            document |= self.found.as_dict()
        document["unstable_ids"] = list(self.unstable)
        document["text"] = self.text
        return document

    def metrics(self) -> dict[str, float]:
        """Return the figures for MLflow."""
        if not self.found:
            return {}
        found = self.found
        return {
            "repeats": found.repeats,
            "repeats.accuracy": found.accuracy,
            "repeats.pass_all": found.pass_hat[-1],
            "repeats.unstable": found.unstable,
            "repeats.seed_share": found.seed_share,
        }

    @property
    def text(self) -> str:
        """The result as a sentence without its full stop."""
        found = self.found
        if found is None:
            return f"{len(self.seeds)} seeds: no question was answered with each of them"
        last = found.repeats
        by_seed = ", ".join(f"{accuracy:.1%}" for accuracy in found.accuracies)
        start = (
            f"{last} seeds ({by_seed}): accuracy {found.accuracy:.1%}, pass^{last} "
            f"{found.pass_hat[-1]:.1%}, {found.unstable:.1%} of the questions unstable"
        )
        if not isfinite(found.half_width):
            return start
        half, many = 100 * found.half_width, 100 * found.half_width_of_many_seeds
        twice = 100 * found.half_width_of_twice_the_questions
        return (
            f"{start}; its 95% interval is +-{half:.1f} points, with many more seeds +-{many:.1f}, "
            f"with twice the questions +-{twice:.1f}"
        )


def combine_repeats(
    by_seed: Mapping[int, Sequence[QuestionResult]], groups: Mapping[str, str] | None = None
) -> Repeats:
    """Combine the results of one system that was evaluated with several seeds.

    Args:
        by_seed: the results by seed.
        groups: the group of a question by its key; None without groups.
    """
    scores: dict[str, list[float]] = {}
    ids: dict[str, str] = {}
    for results in by_seed.values():
        for result in results:
            if result.error is None and result.score is not None:
                scores.setdefault(result.key, []).append(result.score)
                ids[result.key] = result.id
    keys = [key for key in scores if len(scores[key]) == len(by_seed)]
    seeds = tuple(by_seed)
    if len(seeds) < 2 or not keys:
        return Repeats(seeds, None, ())
    unstable: list[str] = []
    for key in keys:
        right = sum(score >= 1.0 for score in scores[key])
        if 0 < right < len(seeds):
            unstable.append(ids[key])
    found = consistency(np.array([scores[key] for key in keys]), group_labels(keys, groups))
    return Repeats(seeds, found, tuple(unstable))
