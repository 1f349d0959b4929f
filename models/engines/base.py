"""What the local engines have in common: DSPy's request in, DSPy's response out, one asynchronous core.

An engine subclasses `LocalEngine` and writes `agenerate`. DSPy gets the engine itself as `engine=` (synchronous) and its
`AsyncEngineAdapter` as `async_engine=`.
"""

import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from dspy.lm15 import Message, Request, Response, TextPart, TokenLogprob, TopLogprob, Usage

from ...errors import CopeError
from ..event_loop import run_sync

# Both local engines sample alike, so that the same weights give the same distribution on either.
DEFAULT_SAMPLING = {"top_k": 40, "top_p": 0.95, "min_p": 0.0, "repeat_penalty": 1.0}


class LocalEngine(ABC):
    """One request to one local model.

    Subclasses raise `dspy.lm15` errors for failures that DSPy should know (a server that does not answer is retried,
    a context that is too long is not), and `CopeError` for what the user has to mend.

    Attributes:
        host: the server's address; None for an engine in this process.
        context: tokens that a request may have, prompt and completion; None where the engine does not say.
        slots: requests generated side by side; None where the engine does not say.
        weights: a name in the catalog of weights, or the path of a file, to be brought here before `load`; None for an
            engine that needs none.
        weights_dir: a folder that is searched first for `weights`; None for the default.
        in_process: whether `load` takes the model into this process.
    """

    host: str | None = None
    context: int | None = None
    slots: int | None = None
    weights: str | None = None
    weights_dir: Path | None = None
    in_process: bool = False

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
        """The model's name for the cache, the ledger and the meter; empty where only the tier's name tells it apart."""
        return ""

    @abstractmethod
    async def agenerate(self, request: Request) -> Response:
        """Make one completion; when cancelled, stop the engine's work on it and `report_partial_usage` what it used."""

    @abstractmethod
    def dump_state(self) -> dict[str, Any]:
        """The settings as JSON, without secrets."""

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> "LocalEngine":
        return cls(**state)

    def load(self) -> Any:  # noqa: B027
        """Load the model ahead of its first call, and block until it is there. By default there is nothing to load."""

    def complete(self, request: Request) -> Response:
        return run_sync(self.agenerate(request))

    def weights_digest(self) -> str | None:
        """A digest of the weights that answer, as `KIND:HEX`; None where it is not known. It may read a file or ask a server."""
        return None

    def close(self) -> None:  # noqa: B027
        """Engines are shared; they end with the process."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "LocalEngine":
        return self  # optimizers copy programs; the model in memory stays one


def chat_messages(request: Request) -> list[dict[str, str]]:
    """The request's text as chat messages, the system message first.

    Raises:
        CopeError: for a part that is not text.
    """
    messages = []
    if request.system is not None:
        messages.append({"role": "system", "content": _text(request.system)})
    messages += [{"role": m.role, "content": _text(m.parts)} for m in request.messages]
    return messages


def _text(parts: Any) -> str:
    if isinstance(parts, str):
        return parts
    if others := [p.type for p in parts if not isinstance(p, TextPart)]:
        raise CopeError(
            f"local engines take text only, and the prompt has a part of type {others[0]!r}"
        )
    return "".join(p.text for p in parts)


def json_schema(request: Request) -> Any:
    """The JSON schema that the reply must fit, `{}` for any JSON object, or None for free text."""
    wanted = request.config.response_format
    return None if wanted is None else wanted.get("schema") or {}


def token_logprobs(content: list[Any]) -> tuple[TokenLogprob, ...]:
    """Per-token log-probabilities from the OpenAI-shaped list that llama.cpp and Ollama give."""

    def finite(value: float) -> float:
        return value if math.isfinite(value) else -1e9

    return tuple(
        TokenLogprob(
            token=item["token"],
            logprob=finite(float(item["logprob"])),
            top=tuple(
                TopLogprob(token=t["token"], logprob=finite(float(t["logprob"])))
                for t in item.get("top_logprobs") or ()
            ),
        )
        for item in content
    )


def response(
    request: Request,
    text: str,
    *,
    finish: str,
    prompt: int,
    completion: int,
    cached: int = 0,
    logprobs: list[Any] | None = None,
) -> Response:
    """A DSPy response with true token counts; `finish` is "stop" or "length"."""
    return Response(
        id=None,
        model=request.model,
        message=Message.assistant([TextPart(text)]) if text else Message.assistant([TextPart(" ")]),
        finish_reason="length" if finish == "length" else "stop",
        usage=Usage(input_tokens=prompt, output_tokens=completion, cache_read_tokens=cached),
        logprobs=token_logprobs(logprobs) if logprobs else None,
    )
