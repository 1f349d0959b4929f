"""Records of an evaluation with given scores and written tokens."""

from collections.abc import Sequence
from typing import Any

from cope.eval import QuestionResult


def usage(tier: str, tokens: int | None, usd: float | None = None) -> dict[str, Any]:
    """One call of a tier, which reads nothing and writes so many tokens."""
    read = None if tokens is None else 0
    return {
        "tier": tier,
        "round": 1,
        "role": "reason",
        "calls": 1,
        "hits": 0,
        "cancelled": 0,
        "prompt_tokens": read,
        "completion_tokens": tokens,
        "cached_tokens": read,
        "usd": usd,
        "unpriced": int(usd is None),
        "seconds": 1.0,
        "machine_seconds": 1.0,
    }


def records_of(
    scores: Sequence[float | None],
    usd: float | None = None,
    first: int = 0,
    **tokens: Sequence[int | None],
) -> list[QuestionResult]:
    """Records of questions `first`, `first` + 1, ...; a score of None is an error, and 0 tokens are no call."""
    made = []
    for place, score in enumerate(scores):
        rows = [
            usage(tier, written[place], usd)
            for tier, written in tokens.items()
            if written[place] != 0
        ]
        key = str(first + place)
        made.append(
            QuestionResult(
                key,
                key,
                f"Question {key}?",
                "1",
                score=score,
                usage=rows,
                error="failed" if score is None else None,
            )
        )
    return made
