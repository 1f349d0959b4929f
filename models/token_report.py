"""The log-probabilities of the tokens of a reply, for a client that asked for them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from ..util.json_types import JsonObject
from .scope import in_scope, scoped


@dataclass
class TokenReport:
    """Asks for log-probabilities, and receives them.

    Attributes:
        alternatives: how many other tokens are reported at each position.
        tokens: the tokens of the last reply, in order, as the OpenAI API writes them.
    """

    alternatives: int = 0
    tokens: list[JsonObject] = field(default_factory=list)

    def settings(self) -> JsonObject:
        """Return the settings of a request."""
        settings: JsonObject = {"logprobs": True}
        if self.alternatives:
            settings["top_logprobs"] = self.alternatives
        return settings

    def take(self, outputs: list[Any] | None) -> None:
        """Take the tokens of a reply over.

        Args:
            outputs: those of DSPy.
        """
        first = outputs[0] if outputs else None
        logprobs = first.get("logprobs") if isinstance(first, dict) else None
        content = getattr(logprobs, "content", None)
        if content:
            self.tokens = []
        for token in content or ():
            one = _token(token)
            others = getattr(token, "top_logprobs", None) or getattr(token, "top", None) or ()
            one["top_logprobs"] = [_token(other) for other in others][: self.alternatives]
            self.tokens.append(one)


def _token(token: Any) -> JsonObject:
    text = str(token.token)
    return {
        "token": text,
        "logprob": float(token.logprob),
        "bytes": list(text.encode(errors="replace")),
    }


def use_token_report(report: TokenReport | None) -> AbstractContextManager[None]:
    """Report the tokens of answers that are written inside; None for no report."""
    return scoped("token_report", report)


def token_report() -> TokenReport | None:
    """Return the report of the current context; None when nobody asked for one."""
    report: TokenReport | None = in_scope("token_report")
    return report
