"""The embedded engine: llama.cpp in this process, with continuous batching and a prefix cache."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from dspy.lm15 import (
    ContextLengthError,
    InvalidRequestError,
    Request,
    Response,
    ServerError,
)

from ...util.cores import usable_cores
from ...util.json_types import JsonObject
from ..current_call import report_drafts, report_partial_usage
from ..reply_text import text_sink
from ..weights.catalog import aliases, catalog, lookup
from ..weights.pins import pinned
from ..weights.resolve import locate_weights, resolve_weights
from ..weights.verify import sha256_of
from .base import DEFAULT_SAMPLING, LocalEngine, chat_messages, json_schema
from .choice_grammar import choice_grammar
from .draft import NGRAM
from .llama_server import LlamaLoad, LlamaServer, llama_server
from .token_stream import TokenStream


def default_concurrency(weights: str) -> int:
    """Return the number of slots beyond which a model on a CPU gains little speed.

    Each slot takes memory for its context. On two cores a model of 0.5 billion parameters is faster
    with eight requests in flight than with four, a model of 1.5 billion is not
    (benchmarks/engine.py).
    """
    return 8 if _size_of(weights) < 1e9 else 4


def _size_of(weights: str) -> int:
    """Return the size of a file or of an entry of the catalog, in bytes; 0 when it is not known."""
    path = Path(weights).expanduser()
    if path.is_file():
        return path.stat().st_size
    entry = catalog().get(aliases().get(weights, weights))
    return pinned(entry).size if entry else 0


class EmbeddedEngine(LocalEngine):
    """One GGUF model in this process.

    It is loaded at the first call, and shared by all engines with the same settings.

    Args:
        weights: a name in the catalog of weights, or a path to a .gguf file.
        slots: requests generated concurrently.
        context: maximum tokens of a request, prompt and completion.
        threads: CPU threads; when None, as many as physical cores that the process may use.
        weights_dir: a folder that is searched first for the weights; the environment's
            `COPE_WEIGHTS` when None.
        draft: what drafts tokens for the model: other weights, by name or path, or `ngram`; None
            for nothing. See `draft.py`.

    Raises:
        CopeError: when the weights are missing and cannot be downloaded.
    """

    weights: str
    slots: int
    context: int
    in_process = True
    continues_replies = True  # llama.cpp renders the last message without its end

    def __init__(
        self,
        weights: str,
        slots: int = 8,
        context: int = 2048,
        threads: int | None = None,
        weights_dir: Path | None = None,
        draft: str | None = None,
    ) -> None:
        self.weights, self.slots, self.context = weights, slots, context
        self.weights_dir, self.draft = weights_dir, draft
        self.threads = threads or usable_cores()
        self._pool = ThreadPoolExecutor(max_workers=slots + 1, thread_name_prefix="cope-embedded")

    @property
    def name(self) -> str:
        name = Path(self.weights).stem if self.weights.endswith(".gguf") else self.weights
        return f"local/{name}"

    def dump_state(self) -> JsonObject:
        state: JsonObject = {
            "weights": self.weights,
            "slots": self.slots,
            "context": self.context,
        }
        if self.draft is not None:
            state["draft"] = self.draft
        return state

    def __getstate__(self) -> JsonObject:
        # A saved program has no `weights_dir`, which is only valid on this machine.
        return self.dump_state() | {"weights_dir": self.weights_dir}

    def __setstate__(self, state: JsonObject) -> None:
        self.__init__(**state)

    def weights_digest(self) -> str | None:
        if not self.weights.lower().endswith(".gguf"):
            # Only the file of the catalog is ever loaded under a name.
            weights = pinned(lookup(self.weights))
            if weights.sha256:
                return f"sha256:{weights.sha256}"
            path, size = locate_weights(weights)
            return f"sha256:{sha256_of(path)}" if size else None
        path = Path(self.weights).expanduser()
        return f"sha256:{sha256_of(path)}" if path.is_file() else None

    def load(self) -> None:
        self.server()

    def limit_slots(self, count: int) -> None:
        self.slots = min(self.slots, max(1, count))

    def server(self) -> LlamaServer:
        """Return the running server. Loading it blocks for seconds."""
        load = LlamaLoad(
            resolve_weights(self.weights, folder=self.weights_dir),
            self.slots,
            self.context,
            self.threads,
            self._draft_path(),
        )
        return llama_server(load)

    def _draft_path(self) -> Path | str | None:
        if self.draft is None or self.draft == NGRAM:
            return self.draft
        return resolve_weights(self.draft, folder=self.weights_dir)

    @property
    def takes_several(self) -> bool:
        """Whether one request draws several completions: not with drafts, which are for one."""
        return self.draft is None and self.slots > 1

    async def agenerate(self, request: Request) -> Response:
        stream = TokenStream()
        sink = text_sink()
        if sink is not None:
            loop = asyncio.get_running_loop()
            stream.on_text = partial(loop.call_soon_threadsafe, sink)
        await self._run(_request_body(request), stream)
        if stream.drafted:
            report_drafts(stream.drafted, stream.accepted)
        return stream.response(request, 0)

    async def agenerate_several(self, request: Request, count: int) -> list[Response]:
        count = min(count, self.slots)
        stream = TokenStream()
        await self._run(_request_body(request) | {"n": count}, stream)
        return [stream.response(request, index) for index in range(count)]

    async def _run(self, body: JsonObject, stream: TokenStream) -> None:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._generate, body, stream)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            stream.stop.set()  # takes effect at the next token
            report_partial_usage(stream.prompt, stream.tokens, stream.cached)
            raise
        if stream.error:
            raise _engine_error(stream.error, self.context)

    def _generate(self, body: JsonObject, stream: TokenStream) -> None:
        server = self.server()
        if not stream.stop.is_set():  # it may be cancelled while the model loads
            server.handle_chat_completions(body, stream.add)


def _request_body(request: Request) -> JsonObject:
    config = request.config
    body: JsonObject = dict(
        DEFAULT_SAMPLING,
        messages=chat_messages(request),
        temperature=config.temperature or 0.0,
        stream=True,
        timings_per_token=True,
        cache_prompt=True,
    )
    for name in ("max_tokens", "top_p", "top_k", "seed"):
        value = getattr(config, name)
        if value is not None:
            body[name] = value
    if config.stop:
        body["stop"] = list(config.stop)
    if config.logprobs is not None:
        body["logprobs"] = True
        body["top_logprobs"] = max(1, config.logprobs)
    schema = json_schema(request)
    grammar = choice_grammar(schema)
    if grammar is not None:
        body["grammar"] = grammar
    elif schema is not None:
        body["response_format"] = {"type": "json_object"}
        if schema:
            body["response_format"]["schema"] = schema
    return body


def _engine_error(error: JsonObject, context: int) -> Exception:
    if error.get("type") == "exceed_context_size_error":
        tokens = error.get("n_prompt_tokens", "more")
        return ContextLengthError(
            f"the prompt has {tokens} tokens and the model's context {context}: "
            "shorten it or set a larger context"
        )
    if error.get("type") == "invalid_request_error":  # such as a schema that makes no grammar
        return InvalidRequestError(f"the embedded engine refused: {error.get('message', error)}")
    return ServerError(f"the embedded engine failed: {error.get('message', error)}")
