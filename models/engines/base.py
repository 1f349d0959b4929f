"""The base class of local engines: a DSPy request in, a DSPy response out.

An engine subclasses `LocalEngine` and implements `agenerate`. DSPy takes the engine itself as
`engine=` (synchronous) and its `AsyncEngineAdapter` as `async_engine=`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dspy.lm15 import Request, Response, TextPart, TokenLogprob, TopLogprob, Usage

from ...errors import CopeError
from ...util.json_types import JsonObject
from ..event_loop import run_sync
from ..plain_reply import text_response, usage_of

# Both local engines sample alike, so the same weights give the same distribution on either.
DEFAULT_SAMPLING = {"top_k": 40, "top_p": 0.95, "min_p": 0.0, "repeat_penalty": 1.0}
_LOWEST_LOGPROB = -1e9  # JSON has no infinity


class LocalEngine(ABC):
    """Makes completions of one local model.

    Subclasses raise `dspy.lm15` errors for failures that DSPy handles (it retries a server that
    does not answer, but not a context that is too long), and `CopeError` for what the user must
    fix.

    Attributes:
        host: the server's address; None for an engine in this process.
        context: maximum tokens of a request, prompt and completion; None where it is not known.
        slots: requests generated concurrently; None where it is not known.
        weights: a name in the catalog of weights, or the path of a file, which must be on this
            machine before `load`; None for an engine that needs none.
        weights_dir: a folder that is searched first for `weights`; None for the default.
        in_process: whether `load` loads the model into this process.
        continues_replies: whether a request whose last message is the assistant's is answered with
            the rest of that message.
        takes_several: whether it has `agenerate_several`.
    """

    host: str | None = None
    context: int | None = None
    slots: int | None = None
    weights: str | None = None
    weights_dir: Path | None = None
    in_process: bool = False
    continues_replies: bool = False
    takes_several: bool = False

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = True
    supported_params = frozenset(
        {
            "temperature",
            "max_tokens",
            "top_p",
            "top_k",
            "stop",
            "seed",
            "logprobs",
            "response_format",
        }
    )

    @property
    def name(self) -> str:
        """The model's name for the cache, the ledger and the meter.

        It is empty where only the tier's name distinguishes the model.
        """
        return ""

    @abstractmethod
    async def agenerate(self, request: Request) -> Response:
        """Return one completion.

        When cancelled, stop the engine's work and report its tokens by `report_partial_usage`. An
        engine with a `host` reports by `report_heard` that its server sent something; both
        functions are in `cope.models.current_call`.
        """

    async def agenerate_several(self, request: Request, count: int) -> Sequence[Response]:
        """Return several completions of one prompt, for which the prompt is read once.

        They may be fewer than `count`. The first one has the tokens of the prompt.
        """
        raise NotImplementedError

    @abstractmethod
    def dump_state(self) -> JsonObject:
        """Return the settings as JSON, without secrets."""

    @classmethod
    def load_state(cls, state: JsonObject) -> "LocalEngine":
        """Return an engine with the settings of `dump_state`."""
        return cls(**state)

    def load(self) -> None:  # noqa: B027
        """Load the model ahead of its first call, and block until it is loaded.

        By default there is nothing to load.
        """

    def limit_slots(self, count: int) -> None:  # noqa: B027
        """Take memory for at most `count` concurrent requests, where the model is not loaded yet.

        By default an engine takes none for a request.
        """

    def complete(self, request: Request) -> Response:
        """Return one completion, synchronously, for DSPy."""
        return run_sync(self.agenerate(request))

    def weights_digest(self) -> str | None:
        """Return a digest of the model's weights, as `KIND:HEX`; None where it is not known.

        It may read a file or call a server.
        """
        return None

    def close(self) -> None:  # noqa: B027
        """Do nothing, because engines are shared until the process ends."""

    def __deepcopy__(self, memo: dict[int, object]) -> "LocalEngine":
        return self  # optimizers copy programs, but the loaded model is shared


def chat_messages(request: Request) -> list[dict[str, str]]:
    """Return the request's text as chat messages, the system message first.

    Raises:
        CopeError: for a part that is not text.
    """
    messages: list[dict[str, str]] = []
    if request.system is not None:
        messages.append({"role": "system", "content": _text(request.system)})
    messages += [{"role": m.role, "content": _text(m.parts)} for m in request.messages]
    return messages


def _text(parts: str | Sequence[Any]) -> str:
    if isinstance(parts, str):
        return parts
    texts: list[str] = []
    for part in parts:
        if not isinstance(part, TextPart):
            raise CopeError(
                f"local engines take text only, and the prompt has a part of type {part.type!r}"
            )
        texts.append(part.text)
    return "".join(texts)


def json_schema(request: Request) -> Any:
    """Return the JSON schema of the reply, `{}` for any JSON object, or None for free text."""
    response_format = request.config.response_format
    return None if response_format is None else response_format.get("schema") or {}


def token_logprobs(content: list[JsonObject]) -> tuple[TokenLogprob, ...]:
    """Convert the OpenAI-like list of llama.cpp and Ollama to DSPy's log-probabilities."""
    tokens: list[TokenLogprob] = []
    for item in content:
        alternatives = [
            TopLogprob(token=other["token"], logprob=_finite(other["logprob"]))
            for other in item.get("top_logprobs") or ()
        ]
        logprob = _finite(item["logprob"])
        tokens.append(TokenLogprob(item["token"], logprob, top=tuple(alternatives)))
    return tuple(tokens)


def _finite(value: float) -> float:
    value = float(value)
    return value if math.isfinite(value) else _LOWEST_LOGPROB


def response(
    request: Request,
    text: str,
    *,
    finish: str,
    prompt: int | None,
    completion: int | None,
    cached: int = 0,
    logprobs: list[JsonObject] | None = None,
) -> Response:
    """Return a DSPy response.

    Args:
        request: the request that it answers.
        text: the completion.
        finish: `length` when the limit of tokens ended the completion, else `stop`.
        prompt: tokens of the prompt; None when they are not known.
        completion: tokens of the completion; None when they are not known.
        cached: tokens of the prompt that the engine had in its cache.
        logprobs: log-probabilities as for `token_logprobs`.
    """
    counts = (prompt, completion, cached)
    if all(count is None or (type(count) is int and count >= 0) for count in counts):
        usage = usage_of(prompt, completion, cache_read_tokens=cached)
    else:
        usage = Usage(prompt, completion, cache_read_tokens=cached)
    return text_response(
        request.model,
        text or " ",
        "length" if finish == "length" else "stop",
        usage,
        logprobs=token_logprobs(logprobs) if logprobs else None,
    )
