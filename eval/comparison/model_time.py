"""The model time of the systems of a comparison, beside that of the last tier alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...models import Usage
from ...programs.model_time import ModelTime, model_time
from ..run.store import QuestionResult


def model_times(
    results: Mapping[str, Sequence[QuestionResult]], models: Mapping[str, str], last_tier: str
) -> dict[str, dict[str, Any]]:
    """Return the model time of each system of several tiers, as plain data.

    Args:
        results: of each system by its name; the last tier alone has the tier's name.
        models: the model of each tier.
        last_tier: the last tier of the systems.
    """
    seconds: dict[str, float | None] = {}
    for result in results.get(last_tier, ()):
        if result.error is None:
            seconds[result.key] = Usage.from_rows(result.usage).machine_seconds
    times = {}
    for name, rows in results.items():
        answered = [result for result in rows if result.error is None]
        usage = [row for result in answered for row in result.usage]
        tiers = {tier for tier in models if any(row["tier"] == tier for row in usage)}
        used = {tier: models[tier] for tier in models if tier in tiers}
        alone = [seconds.get(result.key) for result in answered]
        known = [one for one in alone if one is not None]
        measured = sum(known) if len(known) == len(alone) else None
        found = model_time(usage, len(answered), used, last_tier, measured)
        if found is not None:
            times[name] = found.as_dict()
    return times


def model_time_notes(
    times: Mapping[str, Mapping[str, Any]], has_table: bool = False
) -> Iterator[str]:
    """Yield a sentence for each system, or one for all whose times are in a table.

    Args:
        times: the result of `model_times`.
        has_table: whether they are in a table.
    """
    if has_table:
        if any(one["one_machine"] for one in times.values()):
            yield "All models run on one machine, where model time is what is paid."
        return
    for name, one in times.items():
        yield f"{name}: {ModelTime(**one).text()}"
