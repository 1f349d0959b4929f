"""What a judge did in an evaluation: its calls, and the verdicts that could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...models import Usage
from ...util.text import format_usd, plural
from .store import QuestionResult

UNREAD_VERDICT = "The judge's verdict could not be read, and the answer counts as wrong."
"""The feedback on an answer without a verdict."""


@dataclass(frozen=True)
class JudgeSummary:
    """The judge of an evaluation.

    Attributes:
        unread: verdicts that could not be read; their answers count as wrong.
        usage: its calls, which are no part of the cost of the answers.
    """

    unread: int
    usage: Usage

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"unread": self.unread, "spent": self.usage.summary()}

    def text(self) -> str:
        """Return a sentence for the table."""
        cost = "an unknown price"
        if self.usage.usd is not None and not self.usage.unpriced:
            cost = format_usd(self.usage.usd)
        text = f"the judge answered {plural(self.usage.calls, 'call')} more, for {cost}"
        if self.unread:
            text += f"; {plural(self.unread, 'verdict')} could not be read and count as wrong"
        return text


def summarize_judge(results: Sequence[QuestionResult]) -> JudgeSummary | None:
    """Return what the judge of some results did; None when there was none."""
    rows = [row for result in results for row in result.judge_usage]
    unread = sum(result.feedback == UNREAD_VERDICT for result in results)
    if not rows and not unread:
        return None
    return JudgeSummary(unread, Usage.from_rows(rows))
