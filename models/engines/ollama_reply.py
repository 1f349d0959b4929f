"""Read what an Ollama server replies to a chat request, which is checked before it is used."""

from dataclasses import dataclass, field

import ollama

from ...util.json_text import parse_json
from ...util.json_types import JsonObject
from ..replies import finite_number, known_count

UNREADABLE = (AttributeError, RecursionError, TypeError, ValueError)
"""What the `ollama` package raises for a reply that is not of Ollama."""


@dataclass
class OllamaReply:
    """Collects the parts of one reply.

    Attributes:
        text: the pieces of the completion.
        logprobs: the log-probabilities of its tokens, as `token_logprobs` takes them; empty where
            one of them is no number.
        done: whether the last part has come.
        finish: why the model stopped.
        prompt: tokens of the prompt; None when the server does not say.
        completion: tokens of the completion; None when the server does not say.
    """

    text: list[str] = field(default_factory=list)
    logprobs: list[JsonObject] = field(default_factory=list)
    done: bool = False
    finish: str = "stop"
    prompt: int | None = None
    completion: int | None = None
    _has_bad_logprob: bool = False

    def add(self, line: str) -> str:
        """Add a line of the reply, which is one JSON object, and return its text.

        Raises:
            ollama.ResponseError: when the line reports an error.
            ValueError: when it is no line of Ollama's.
        """
        if self.done or not line.strip():
            return ""
        part = parse_json(line)
        if not isinstance(part, dict):
            raise ValueError("a part of the reply is no object")
        error = part.get("error")
        if error:
            raise ollama.ResponseError(error if isinstance(error, str) else str(error))
        message = part.get("message")
        if not isinstance(message, dict):
            raise ValueError("a part of the reply has no message")
        content = message.get("content")
        if content is not None and not isinstance(content, str):
            raise ValueError("a part of the reply has content that is no text")
        if content or not part.get("done"):
            self.text.append(content or "")
        self._add_logprobs(part.get("logprobs"))
        if part.get("done") is True:
            self._end(part)
        return content or ""

    def _add_logprobs(self, tokens: object) -> None:
        for token in tokens if isinstance(tokens, list) else ():
            if _is_scored(token):
                others = token.get("top_logprobs")
                top = list(filter(_is_scored, others if isinstance(others, list) else ()))
                self.logprobs.append(token | {"top_logprobs": top})
            else:
                self._has_bad_logprob = True
        if self._has_bad_logprob:
            self.logprobs.clear()

    def _end(self, part: JsonObject) -> None:
        self.done = True
        reason = part.get("done_reason")
        self.finish = reason if isinstance(reason, str) and reason else "stop"
        # A prompt has at least one token; a server that says 0 does not count.
        self.prompt = known_count(part.get("prompt_eval_count"), at_least=1)
        self.completion = known_count(part.get("eval_count"), at_least=1)


def _is_scored(token: object) -> bool:
    if not isinstance(token, dict) or not isinstance(token.get("token"), str):
        return False
    return finite_number(token.get("logprob"))
