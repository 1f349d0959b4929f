"""What llama.cpp sends of the completions of one request, token by token."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from dspy.lm15 import Request, Response

from ...util.json_types import JsonObject
from .base import response


@dataclass
class _Completion:
    """One completion of a request."""

    text: list[str] = field(default_factory=list)
    logprobs: list[JsonObject] = field(default_factory=list)
    finish: str = "stop"
    tokens: int = 0


@dataclass
class TokenStream:
    """Collects the chunks of one request from llama.cpp, on the engine's thread."""

    completions: dict[int, _Completion] = field(default_factory=dict)
    prompt: int = 0
    cached: int = 0
    drafted: int = 0
    accepted: int = 0
    error: JsonObject | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    on_text: Callable[[str], object] | None = None

    @property
    def tokens(self) -> int:
        """The tokens of all completions."""
        completions = list(self.completions.values())  # the engine's thread adds some
        return sum(one.tokens for one in completions)

    def add(self, chunk: JsonObject) -> bool:
        """Add a chunk, and return whether the engine should stop."""
        if "error" in chunk:
            self.error = chunk["error"]
            return True
        for choice in chunk.get("choices", ()):
            completion = self._completion(choice["index"])
            text = choice["delta"].get("content") or ""
            completion.text.append(text)
            if text and self.on_text is not None:
                self.on_text(text)
            logprobs = choice.get("logprobs")
            if logprobs:
                completion.logprobs += logprobs["content"]
            completion.finish = choice.get("finish_reason") or completion.finish
        timings = chunk.get("timings")
        if timings:
            self._completion(_index(chunk)).tokens = timings["predicted_n"]
            self.cached = timings["cache_n"]
            self.prompt = timings["cache_n"] + timings["prompt_n"]
            self.drafted = timings.get("draft_n", 0)
            self.accepted = timings.get("draft_n_accepted", 0)
        return self.stop.is_set()

    def _completion(self, index: int) -> _Completion:
        return self.completions.setdefault(index, _Completion())

    def response(self, request: Request, index: int) -> Response:
        """Return a completion; the first one has the tokens of the prompt."""
        completion = self._completion(index)
        is_first = index == 0
        return response(
            request,
            "".join(completion.text),
            finish=completion.finish,
            prompt=self.prompt if is_first else 0,
            completion=completion.tokens,
            cached=self.cached if is_first else 0,
            logprobs=completion.logprobs,
        )


def _index(chunk: JsonObject) -> int:
    """Return the number of the completion that a chunk belongs to."""
    choices = chunk.get("choices") or [{}]
    return int(choices[0].get("index", 0))
