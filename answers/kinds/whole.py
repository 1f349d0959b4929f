"""Base class of the match rules, which take the text of a reply as it is."""

from ..reply.cleaning import visible_text
from ..reply.fields import answer_field
from ..reply.refusal import is_error, is_refusal
from .base import NormalFormKind


class WholeText(NormalFormKind):
    """A rule for the whole text of an answer field, or of a reply without one."""

    def parse(self, text: str) -> str | None:
        """Return the text; None when it is empty, a refusal, or a message of an error."""
        shown = visible_text(text)
        field = answer_field(shown)
        answer = (shown if field is None else field).strip()
        if not answer or is_error(answer) or is_refusal(answer[:300]):
            return None
        return answer

    def normalize(self, answer: str) -> str:
        """Return the text with single spaces; by it, samples vote."""
        return " ".join(answer.split())
