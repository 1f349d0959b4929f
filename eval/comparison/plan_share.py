"""What a plan of the last tier costs, as a share of what that tier's answer costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...models.usage_row import UsageRow

MUCH = 0.5
"""The share of an answer above which a plan seldom pays: see docs/explanation/plans.md."""

_ANSWER = "reason"
_PLAN = "plan"


def plan_shares(
    usage: Mapping[str, Sequence[Sequence[UsageRow]]], last_tier: str
) -> dict[str, dict[str, float]]:
    """Return the written tokens of a plan and of an answer of the last tier, by system.

    Args:
        usage: by system, the usage of each question.
        last_tier: the last tier of the comparison.

    Returns:
        `plan_tokens` and `answer_tokens` (means of a call) and `share` for each system that has the
        last tier plan. The answers are those of systems without such plans, where there are any,
        because a planner's answers are to the hard questions only. Without any answer, or with
        counts that are not known, the system is missing.

    >>> row = {"tier": "large", "calls": 1, "completion_tokens": 48, "role": "plan"}
    >>> answer = row | {"completion_tokens": 96, "role": "reason"}
    >>> plan_shares({"cope": [[row]], "large": [[answer]]}, "large")["cope"]["share"]
    0.5
    """
    planning: dict[str, float] = {}
    for name, questions in usage.items():
        tokens = _mean_tokens(questions, last_tier, _PLAN)
        if tokens is not None:
            planning[name] = tokens
    others = [
        rows for name, questions in usage.items() if name not in planning for rows in questions
    ]
    alone = _mean_tokens(others, last_tier, _ANSWER)
    shares: dict[str, dict[str, float]] = {}
    for name, plan_tokens in planning.items():
        answer_tokens = alone or _mean_tokens(usage[name], last_tier, _ANSWER)
        if answer_tokens:
            shares[name] = {
                "plan_tokens": plan_tokens,
                "answer_tokens": answer_tokens,
                "share": plan_tokens / answer_tokens,
            }
    return shares


def _mean_tokens(questions: Iterable[Sequence[UsageRow]], tier: str, role: str) -> float | None:
    """Return the mean of the written tokens of a tier's calls; None without a known call."""
    calls, tokens = 0, 0
    for rows in questions:
        for row in rows:
            if row["tier"] != tier or row["role"] != role or row["completion_tokens"] is None:
                continue
            calls += row["calls"]
            tokens += row["completion_tokens"]
    return tokens / calls if calls else None


def plan_share_lines(
    shares: Mapping[str, Mapping[str, Any]], last_tier: str, only_long: bool = False
) -> Iterator[str]:
    """Yield a sentence for each system whose plans the last tier writes.

    Args:
        shares: what `plan_shares` returned.
        last_tier: the last tier of the comparison.
        only_long: whether plans of half an answer and less are left out.
    """
    for name, one in shares.items():
        is_long = one["share"] > MUCH
        if only_long and not is_long:
            continue
        line = (
            f"{name}: a plan of {last_tier} has {one['plan_tokens']:.0f} tokens, "
            f"{one['share']:.0%} of its answer ({one['answer_tokens']:.0f} tokens)"
        )
        if is_long:
            line += (
                ": that is more than half an answer, so it pays only where it answers more than "
                f"{one['share']:.0%} of the questions that get one"
            )
        yield line
