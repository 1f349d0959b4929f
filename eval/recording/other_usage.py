"""The usage of a recording's calls that no row has, such as those of judges."""

from collections.abc import Iterable
from typing import cast

from ...models import Usage
from ...models.usage_row import UsageRow
from ..run.store import QuestionResult


def other_usage(results: Iterable[QuestionResult]) -> list[UsageRow]:
    """Return the usage of all calls that are for no plan and no sample, by tier and round."""
    groups: dict[tuple[str, int], list[UsageRow]] = {}
    for result in results:
        others = [row for row in result.usage if row["role"] == "other"]
        for row in (*others, *result.judge_usage):
            groups.setdefault((row["tier"], row["round"]), []).append(row)
    found = []
    for (tier, number), rows in sorted(groups.items()):
        row = {"tier": tier, "round": number, "role": "other"} | Usage.from_rows(rows).as_dict()
        found.append(cast(UsageRow, row))
    return found


def other_usage_lines(rows: Iterable[UsageRow]) -> list[str]:
    """Return a line about the calls of each tier, with their cost."""
    lines = []
    for row in rows:
        usage = Usage.from_rows([row])
        place = f" in round {row['round']}" if row["round"] else ""
        lines.append(
            f"{usage.calls:,} more calls of {row['tier']}{place}, for no sample: {usage.cost.text}"
        )
    return lines
