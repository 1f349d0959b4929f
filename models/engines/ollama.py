"""The Ollama engine: a model on an Ollama server.

Its requests are plain HTTP, because the `ollama` package's `chat` cannot pass `truncate`. The
package lists the models.

In addition to what DSPy's own Ollama client does, it sets the context's size and raises an error
when a prompt does not fit (Ollama would truncate it silently), keeps the model loaded, passes seed,
JSON schema, thinking and log-probabilities, and stops the server's work when a request is
cancelled.
"""

import asyncio

import httpx
import ollama
from dspy._vendor.lm15 import transports
from dspy.clients._http import retry_after_seconds
from dspy.lm15 import (
    ContextLengthError,
    RateLimitError,
    Request,
    Response,
    ServerError,
    TimeoutError,
    TransportError,
)

from ...errors import CopeError, first_line
from ...util.certificates import trusted_certificates
from ...util.json_types import JsonObject
from ...util.text import shorten
from ..current_call import report_heard, report_partial_usage
from ..cut_prompts import count_words, is_cut
from ..hosts import default_host, is_loopback
from ..reply_text import text_sink
from .base import DEFAULT_SAMPLING, LocalEngine, chat_messages, json_schema, response
from .ollama_http import OllamaServers
from .ollama_reply import UNREADABLE, OllamaReply

LIST_SECONDS = 5.0
READ_SECONDS = 600.0
"""Seconds without data after which a connection counts as broken."""


class OllamaEngine(LocalEngine):
    """One model on an Ollama server.

    Args:
        model: the name that `ollama list` shows, as in `qwen2.5:3b`.
        host: the server's address, or those of several, divided by commas; None means
            `OLLAMA_HOST`, else loopback.
        context: maximum tokens of a request, prompt and completion (`num_ctx`).
        keep_alive: how long the model stays loaded after a call, in Ollama's format.
        think: whether a thinking model thinks; the model's default when None.
        num_thread: CPU threads for this model; the server's default when None.
        timeout: seconds without data from the server after which a call fails; the team's own
            timeout bounds the whole request.
        limit: the team's own timeout, after which a server of several counts as one that does not
            answer.

    Attributes:
        host: the address of the first server.
    """

    host: str
    context: int
    continues_replies = True  # its templates leave the last message open

    def __init__(
        self,
        model: str,
        host: str | None = None,
        context: int = 2048,
        keep_alive: str = "30m",
        think: bool | None = None,
        num_thread: int | None = None,
        timeout: float = READ_SECONDS,
        limit: float | None = None,
    ) -> None:
        self._hosts = (host or default_host()).split(",")
        self.model, self.host = model, self._hosts[0]
        self.context, self.keep_alive, self.think = context, keep_alive, think
        self.num_thread, self.timeout = num_thread, timeout
        self._http = OllamaServers(self._hosts, timeout, limit)

    @property
    def name(self) -> str:
        return f"ollama/{self.model}"

    def dump_state(self) -> JsonObject:
        names = ("model", "host", "context", "keep_alive", "think", "num_thread", "timeout")
        return {name: getattr(self, name) for name in names} | {"host": ",".join(self._hosts)}

    def __getstate__(self) -> JsonObject:
        return self.dump_state()

    def __setstate__(self, state: JsonObject) -> None:
        self.__init__(**state)

    def weights_digest(self) -> str | None:
        names = (self.model, f"{self.model}:latest")
        try:
            client = ollama.Client(
                self.host,
                timeout=LIST_SECONDS,
                trust_env=not is_loopback(self.host),
                verify=trusted_certificates(),
            )
            listed = client.list().models
        except (httpx.HTTPError, ConnectionError, ollama.ResponseError, *UNREADABLE):
            return None  # the first call reports a server that does not answer
        for entry in listed:
            if entry.model in names:
                return f"ollama:{entry.digest}" if entry.digest else None
        return None

    async def agenerate(self, request: Request) -> Response:
        body = self._request_body(request)
        reply = OllamaReply()
        try:
            await self._receive(body, reply)
        except asyncio.CancelledError:  # the connection closes, and with it the server's work
            report_partial_usage(0, len(reply.text))
            raise
        except (httpx.TransportError, transports.TransportError, ConnectionError) as error:
            raise TransportError(
                f"no answer from Ollama at {self._where} ({str(error) or type(error).__name__}): "
                "start it with `ollama serve`"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ServerError(
                f"what answers at {self._where} is not Ollama ({first_line(error, 80)}): "
                "check the address"
            ) from error
        if not reply.done:
            raise TransportError(f"Ollama at {self._where} ended its reply before it was done")
        if is_cut(reply.prompt, count_words(body["messages"]), self.context):
            raise self._context_error(reply.prompt)
        return response(
            request,
            "".join(reply.text),
            finish=reply.finish,
            prompt=reply.prompt,
            completion=reply.completion,
            logprobs=reply.logprobs,
        )

    async def _receive(self, body: JsonObject, reply: OllamaReply) -> None:
        """Send a request, and add the lines of the server's reply.

        With `truncate` false the server rejects a prompt that does not fit; otherwise it would
        silently drop the prompt's beginning.

        Raises:
            dspy.lm15.LM15Error: when the server rejects the request or fails.
            ValueError: when the server is not Ollama.
        """
        sink = text_sink()
        try:
            async with self._http.post("/api/chat", body) as answer:
                report_heard()
                if answer.status // 100 != 2:
                    text = (await answer.read()).decode(errors="replace")
                    pause = retry_after_seconds(answer.header("retry-after"))
                    error = ollama.ResponseError(text, answer.status)
                    raise self._engine_error(error, pause)
                while True:
                    lines = await answer.next_lines()
                    if not lines:
                        return
                    report_heard()
                    for line in lines:
                        part = reply.add(line)
                        if sink is not None and part:
                            sink(part)
        except ollama.ResponseError as error:  # in a line of the reply
            raise self._engine_error(error) from error

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

    def _engine_error(
        self, error: ollama.ResponseError, retry_after: float | None = None
    ) -> Exception:
        """Return an error of the server as DSPy or the user handles it.

        Args:
            error: what the server said.
            retry_after: seconds that the server asks to wait.
        """
        status, message = error.status_code, shorten(error.error, 300)
        if status == 404 and "not found" in message:
            pull = f"cope models pull ollama/{self.model}{self._host_suffix}"
            return CopeError(
                f"Ollama at {self._where} has no model {self.model!r}: download it with `{pull}`"
            )
        if "context" in message and ("exceed" in message or "length" in message):
            return self._context_error()
        failed = f"Ollama at {self._where} failed: {message}"
        if status == 429:
            return RateLimitError(failed, status=status, retry_after=retry_after)
        if status in (408, 504):
            return TimeoutError(failed, status=status, retry_after=retry_after)
        if status >= 500 or status < 400:
            return ServerError(failed, status=status, retry_after=retry_after)
        return CopeError(f"Ollama at {self._where} refused the request: {message}")

    @property
    def _host_suffix(self) -> str:
        hosts = ",".join(self._hosts)
        return "" if hosts == default_host() else f"@{hosts}"

    @property
    def _where(self) -> str:
        return " or ".join(self._hosts)

    def _context_error(self, tokens_read: int | None = None) -> Exception:
        """Return the error of a prompt that does not fit.

        Args:
            tokens_read: tokens that the server read of a prompt that it cut; None when it refused.
        """
        if tokens_read is None or tokens_read >= self.context:
            return ContextLengthError(
                f"the prompt does not fit into {self.model}'s context of {self.context} tokens: "
                "shorten it or set a larger context"
            )
        return ContextLengthError(
            f"Ollama at {self._where} cut the prompt and read {tokens_read:,} tokens of it: its "
            "context is smaller than asked for, so raise OLLAMA_CONTEXT_LENGTH there, or shorten "
            "the prompt"
        )
