"""The Ollama engine: a model on an Ollama server.

Its requests are plain HTTP, because the `ollama` package's `chat` cannot pass `truncate`. The
package lists the models.

In addition to what DSPy's own Ollama client does, it sets the context's size and raises an error
when a prompt does not fit (Ollama would truncate it silently), keeps the model loaded, passes seed,
JSON schema, thinking and log-probabilities, and stops the server's work when a request is
cancelled.
"""

import asyncio
import json
import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
import ollama
from dspy.lm15 import ContextLengthError, Request, Response, ServerError, TransportError

from ...errors import CopeError
from ...util.json_types import JsonObject
from ...util.redact import read_key
from ..hosts import default_host
from ..lm import report_partial_usage
from .base import DEFAULT_SAMPLING, LocalEngine, chat_messages, json_schema, response

CONNECT_SECONDS = 10.0
LIST_SECONDS = 5.0


class OllamaEngine(LocalEngine):
    """One model on an Ollama server.

    Args:
        model: the name that `ollama list` shows, as in `qwen2.5:3b`.
        host: the server's address; None means `OLLAMA_HOST`, else loopback.
        context: maximum tokens of a request, prompt and completion (`num_ctx`).
        keep_alive: how long the model stays loaded after a call, in Ollama's format.
        think: whether a thinking model thinks; the model's default when None.
        num_thread: CPU threads for this model; the server's default when None.
        timeout: seconds without data from the server after which a call fails.
    """

    host: str
    context: int

    def __init__(
        self,
        model: str,
        host: str | None = None,
        context: int = 2048,
        keep_alive: str = "30m",
        think: bool | None = None,
        num_thread: int | None = None,
        timeout: float = 600.0,
    ) -> None:
        self.model, self.host = model, host or default_host()
        self.context, self.keep_alive, self.think = context, keep_alive, think
        self.num_thread, self.timeout = num_thread, timeout
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )

    @property
    def name(self) -> str:
        return f"ollama/{self.model}"

    def dump_state(self) -> JsonObject:
        names = ("model", "host", "context", "keep_alive", "think", "num_thread", "timeout")
        return {name: getattr(self, name) for name in names}

    def __getstate__(self) -> JsonObject:
        return self.dump_state()

    def __setstate__(self, state: JsonObject) -> None:
        self.__init__(**state)

    def weights_digest(self) -> str | None:
        names = (self.model, f"{self.model}:latest")
        try:
            listed = ollama.Client(self.host, timeout=LIST_SECONDS).list().models
        except (httpx.HTTPError, ConnectionError, ollama.ResponseError, ValueError):
            return None  # the first call reports a server that does not answer
        for entry in listed:
            if entry.model in names:
                return f"ollama:{entry.digest}" if entry.digest else None
        return None

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()  # a connection belongs to the loop that opened it
        if loop not in self._clients:
            timeout = httpx.Timeout(self.timeout, connect=CONNECT_SECONDS)
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
            headers = {}
            # The key is for Ollama's own service, and must not reach another host.
            host = httpx.URL(self.host).host
            key = read_key("OLLAMA_API_KEY")
            if key and (host == "ollama.com" or host.endswith(".ollama.com")):
                headers["authorization"] = f"Bearer {key}"
            self._clients[loop] = httpx.AsyncClient(
                base_url=self.host,
                timeout=timeout,
                limits=limits,
                headers=headers,
                follow_redirects=True,
            )
        return self._clients[loop]

    async def agenerate(self, request: Request) -> Response:
        text: list[str] = []
        logprobs: list[JsonObject] = []
        last: JsonObject = {}
        try:
            async with aclosing(self._stream(request)) as parts:
                async for part in parts:
                    text.append(part["message"].get("content") or "")
                    logprobs += part.get("logprobs") or []
                    last = part
        except asyncio.CancelledError:  # the connection closes, and with it the server's work
            report_partial_usage(0, len(text))
            raise
        except (httpx.TransportError, ConnectionError) as error:
            raise TransportError(
                f"no answer from Ollama at {self.host} ({str(error) or type(error).__name__}): "
                "start it with `ollama serve`"
            ) from error
        except ollama.ResponseError as error:
            raise self._engine_error(error) from error
        except ValueError:
            raise CopeError(
                f"what answers at {self.host} is not Ollama: check the address"
            ) from None
        if not last.get("done"):
            raise TransportError(f"Ollama at {self.host} ended its reply before it was done")
        prompt = last.get("prompt_eval_count") or 0
        if prompt >= self.context:
            raise self._context_error()
        return response(
            request,
            "".join(text),
            finish=last.get("done_reason") or "stop",
            prompt=prompt,
            completion=last.get("eval_count") or len(text),
            logprobs=logprobs,
        )

    async def _stream(self, request: Request) -> AsyncGenerator[JsonObject]:
        """Yield the parts of the reply.

        With `truncate` false the server rejects a prompt that does not fit; otherwise it would
        silently drop the prompt's beginning.

        Raises:
            ollama.ResponseError: when the server rejects the request or fails.
            ValueError: when the server is not Ollama.
        """
        body = self._request_body(request)
        async with self._client().stream("POST", "/api/chat", json=body) as reply:
            if not reply.is_success:
                text = (await reply.aread()).decode(errors="replace")
                raise ollama.ResponseError(text, reply.status_code)
            async for line in reply.aiter_lines():
                part = json.loads(line)
                if not isinstance(part, dict):
                    raise ValueError("a part of the reply is no object")
                if part.get("error"):
                    raise ollama.ResponseError(part["error"])
                if not isinstance(part.get("message"), dict):
                    raise ValueError("a part of the reply has no message")
                yield part

    def _request_body(self, request: Request) -> JsonObject:
        config = request.config
        body: JsonObject = {
            "model": self.model,
            "messages": chat_messages(request),
            "stream": True,
            "keep_alive": self.keep_alive,
            "truncate": False,
            "shift": False,
            "options": self._options(request),
        }
        if self.think is not None:
            body["think"] = self.think
        if config.logprobs is not None:
            body["logprobs"] = True
            body["top_logprobs"] = config.logprobs
        schema = json_schema(request)
        if schema is not None:
            body["format"] = schema or "json"
        return body

    def _options(self, request: Request) -> JsonObject:
        config = request.config
        options: JsonObject = dict(DEFAULT_SAMPLING)
        options["temperature"] = config.temperature or 0.0
        options["num_ctx"] = self.context
        optional = {
            "num_predict": config.max_tokens,
            "top_p": config.top_p,
            "top_k": config.top_k,
            "seed": config.seed,
            "num_thread": self.num_thread,
            "stop": list(config.stop) or None,
        }
        for name, value in optional.items():
            if value is not None:
                options[name] = value
        return options

    def _engine_error(self, error: ollama.ResponseError) -> Exception:
        if error.status_code == 404 and "not found" in error.error:
            pull = f"cope models pull ollama/{self.model}{self._host_suffix}"
            return CopeError(
                f"Ollama at {self.host} has no model {self.model!r}: download it with `{pull}`"
            )
        if "context" in error.error and ("exceed" in error.error or "length" in error.error):
            return self._context_error()
        if error.status_code >= 500 or error.status_code < 400:
            return ServerError(
                f"Ollama at {self.host} failed: {error.error}", status=error.status_code
            )
        return CopeError(f"Ollama at {self.host} refused the request: {error.error}")

    @property
    def _host_suffix(self) -> str:
        return "" if self.host == default_host() else f"@{self.host}"

    def _context_error(self) -> Exception:
        return ContextLengthError(
            f"the prompt does not fit into {self.model}'s context of {self.context} tokens: "
            "shorten it or set a larger context"
        )
