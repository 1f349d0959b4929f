"""What a compile tried, as a table: accepted and rejected proposals."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..optimize.compiler.candidates import Candidates


def proposals(
    board: "Candidates", worth: Callable[[float, int], float], kept: str
) -> Iterator[dict[str, Any]]:
    """Every candidate in a row: what it is, how it scored, and whether it was accepted.

    One is accepted when it answered all validation questions and was worth more than all before it; so is the one that
    is saved, which may be worth the same with fewer tokens.

    Args:
        board: the candidates.
        worth: what an answer's score is worth, with the tokens that the large tier wrote for it.
        kept: the id of the candidate that is saved.
    """
    keys, best = board.valkeys, -1.0
    for candidate in sorted(board, key=lambda candidate: candidate.number):
        asked = sum(key in candidate.scores for key in keys)
        whole, value = asked == len(keys), -1.0
        if whole:
            value = sum(
                worth(candidate.scores[key], candidate.large_tokens[key]) for key in keys
            ) / len(keys)
        if candidate.number == 0:
            outcome, why = "start", "the program as it was"
        elif candidate.refused:
            outcome, why = "refused", candidate.refused
        elif whole and value > best:
            outcome, why = "accepted", f"better than all before it: {best:.3f} -> {value:.3f}"
        elif candidate.id == kept:
            outcome, why = (
                "accepted",
                f"worth the same as the best before it, {best:.3f}, with fewer tokens",
            )
        elif whole:
            outcome, why = "rejected", f"{value:.3f} on validation, and {best:.3f} was known"
        else:
            outcome, why = "rejected", f"given up after {asked} of {len(keys)} validation questions"
        best = max(best, value)
        state = candidate.state
        yield {
            "number": candidate.number,
            "outcome": outcome,
            "why": why,
            "saved": candidate.id == kept,
            "accuracy": candidate.mean(keys) if asked else None,
            "questions": asked,
            "large_tokens": candidate.mean(keys, candidate.large_tokens) if asked else None,
            "tokens": candidate.mean(keys, candidate.tokens) if asked else None,
            "calls": candidate.calls,
            "instructions": {name: plain["instructions"] for name, plain in state.items()},
            "demonstrations": {name: len(plain["demos"]) for name, plain in state.items()},
            "id": candidate.id,
            "run": None,
        }
