"""Find the last tier alone among earlier runs, on the questions of a run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...models import Usage
from ...models.prices import Price
from .prices import priced_results
from .store import QuestionResult, find_runs
from .summary import BaselineResult, mean_score


def find_baseline_run(
    root: Path,
    settings: dict[str, Any],
    results: Sequence[QuestionResult],
    model: str,
    tier: str,
    prices: Mapping[str, Price] | None = None,
) -> BaselineResult | None:
    """Find a run of the last tier alone on the same questions with the same model.

    Args:
        root: the folder of runs.
        settings: the settings of the run that is compared with it.
        results: the results of that run.
        model: the model of the last tier.
        tier: the last tier.
        prices: the user's prices by tier, which the found run is priced by too.

    Returns:
        The result on the same questions; None if the folder has no run that covers them.
    """
    if settings["preset"] == tier:
        return None
    keys = {result.key for result in results if result.error is None}
    if not keys:
        return None
    for run in find_runs(root, task=settings["task"], preset=tier):
        if run.settings.get("models", {}).get(tier) != model:
            continue
        try:
            answered = run.answered
            priced = priced_results(run, prices)
        except CopeError:
            continue  # a damaged run must not prevent the summary of this one
        if keys <= answered.keys():
            same = [priced[key] for key in keys]
            return BaselineResult(
                mean_score(same),
                Usage.from_rows(row for result in same for row in result.usage),
                run.path.name,
                tier,
            )
    return None
