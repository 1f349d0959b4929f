"""An engine whose replies come from a function, for tests, demos and benchmarks."""

import asyncio
import inspect
import re
import threading
from collections.abc import Awaitable, Callable

from dspy.lm15 import Request, Response

from ...util.json_types import JsonObject
from ..current_call import report_partial_usage
from ..reply_text import text_sink
from .base import LocalEngine, chat_messages, response

Script = Callable[[list[dict[str, str]], Request], str | Awaitable[str]]


class ScriptedEngine(LocalEngine):
    """Answers every request with `script(messages, request)`. Words count as tokens.

    Args:
        script: returns the reply's text or an awaitable of it; its exceptions are the engine's.
        delay: the duration of a call in seconds, or a function of the request.
        logprobs: returns the log-probability of each token of a reply; None gives none.
        continues_replies: whether the script returns the rest of a reply that ends the messages.

    Attributes:
        requests: every request that was started, in order.
        cancelled: the number of cancelled requests.
        running: the number of requests that are running.
        most_running: the highest number of requests that ran at once.

    >>> engine = ScriptedEngine(lambda messages, request: "Answer: 4")
    """

    def __init__(
        self,
        script: Script,
        delay: float | Callable[[Request], float] = 0.0,
        logprobs: Callable[[str], list[float]] | None = None,
        continues_replies: bool = False,
    ) -> None:
        self.continues_replies = continues_replies
        self.script, self.delay, self.logprobs = script, delay, logprobs
        self.requests: list[Request] = []
        self.cancelled = 0
        self.running = 0
        self.most_running = 0
        self._lock = threading.Lock()

    def dump_state(self) -> JsonObject:
        raise TypeError("a scripted engine exists only in its process and is not saved")

    async def agenerate(self, request: Request) -> Response:
        messages = chat_messages(request)
        with self._lock:
            self.requests.append(request)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        prompt = sum(len(m["content"].split()) for m in messages)
        try:
            delay = self.delay(request) if callable(self.delay) else self.delay
            await asyncio.sleep(delay)  # also without one: a request lets other tasks run
            text = self.script(messages, request)
            if inspect.isawaitable(text):
                text = await text
        except asyncio.CancelledError:
            with self._lock:
                self.cancelled += 1
            report_partial_usage(prompt, 0)
            raise
        finally:
            with self._lock:
                self.running -= 1
        sink = text_sink()
        if sink is not None:
            for part in re.findall(r"\S*\s*", text):
                sink(part)
        logprobs: list[JsonObject] = []
        if self.logprobs and request.config.logprobs is not None:
            for value in self.logprobs(text):
                logprobs.append({"token": "", "logprob": value})
        return response(
            request,
            text,
            finish="stop",
            prompt=prompt,
            completion=len(text.split()),
            logprobs=logprobs,
        )
