"""Count the replies of a question, or of many, that were cut, refused or not readable."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports pydantic, and the help of a command does without
    from .round_record import RoundRecord


@dataclass(frozen=True)
class ReplyCounts:
    """How many replies of reasoners gave no answer, or ended too early.

    Attributes:
        cut: Replies that ended at the limit of tokens. Of these, answers count that are marked.
        refused: Replies that say that there is no answer, or that none will be given.
        unread: Other replies without a readable answer.
    """

    cut: int = 0
    refused: int = 0
    unread: int = 0

    @classmethod
    def of_rounds(cls, rounds: "Iterable[RoundRecord]") -> "ReplyCounts | None":
        """Return the counts over the samples of some rounds; None where no samples are kept."""
        cut = refused = unread = 0
        kept = False
        for round_ in rounds:
            kept = kept or "samples" in round_
            for sample in round_.get("samples", []):
                if sample.get("cut"):
                    cut += 1
                elif sample.get("refused"):
                    refused += 1
                elif sample["answer"] is None:
                    unread += 1
        return cls(cut, refused, unread) if kept else None

    def as_dict(self) -> dict[str, int]:
        """Return the counts as plain data."""
        return {"cut": self.cut, "refused": self.refused, "unread": self.unread}

    def text(self) -> str:
        """Return the counts in a line; empty where all replies gave an answer.

        >>> ReplyCounts(cut=2, unread=1).text()
        'replies: 2 cut at the limit of tokens, 1 without a readable answer'
        """
        parts = []
        if self.cut:
            parts.append(f"{self.cut:,} cut at the limit of tokens")
        if self.refused:
            parts.append(f"{self.refused:,} refused")
        if self.unread:
            parts.append(f"{self.unread:,} without a readable answer")
        return f"replies: {', '.join(parts)}" if parts else ""
