"""What is known about the request that is being answered, for its log line and the metrics."""

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from ..models import Meter
from ..programs.events import RoundDecided
from ..util.json_types import JsonObject
from ..util.text import shorten
from .service import Question, ServiceEvent

LONGEST_PATH = 200
LONGEST_PROMPT = 10_000
NO_ROUTE = "none"


@dataclass
class RequestFacts:
    """One request: what it asked for, how it ended, and the calls that were made for it.

    Attributes:
        id: the header `x-request-id` of the reply.
        method: of HTTP.
        path: the path, without the query.
        route: the pattern that the path matched, such as `/v1/models/{name}`.
        status: of the reply; 0 when none was sent.
        seconds: from the first byte to the last one.
        model: the served model that answers; None when none was asked.
        rounds: the number of the last round that ran; 0 when none did.
        prompt: the question; None when none was asked.
        meter: holds the calls.
    """

    id: str
    method: str
    path: str
    route: str = NO_ROUTE
    status: int = 0
    seconds: float = 0.0
    model: str | None = None
    rounds: int = 0
    prompt: str | None = None
    meter: Meter = field(default_factory=Meter)

    def log_line(self, with_prompt: bool = False) -> JsonObject:
        """Return the line of the log. It has no prompt and no key, unless the prompt is wanted.

        `usd` is what was spent now; None when a price is not known.

        Args:
            with_prompt: whether the line has the question.

        >>> RequestFacts("req_1", "GET", "/healthz", status=200).log_line()["status"]
        200
        """
        spent = self.meter.total(cache_hit=False)
        line: JsonObject = {
            "time": time.time(),
            "id": self.id,
            "method": self.method,
            "path": shorten(self.path, LONGEST_PATH),
            "status": self.status,
            "seconds": round(self.seconds, 4),
            "model": self.model,
            "rounds": self.rounds,
            "prompt_tokens": spent.prompt_tokens,
            "completion_tokens": spent.completion_tokens,
            "usd": None if spent.unpriced else spent.usd or 0.0,
        }
        if with_prompt and self.prompt is not None:
            line["prompt"] = shorten(self.prompt, LONGEST_PROMPT)
        return line


_current: ContextVar[RequestFacts | None] = ContextVar("cope_request", default=None)


def current_request() -> RequestFacts | None:
    """Return the request that is being answered in this context; None outside of requests."""
    return _current.get()


def begin_request(facts: RequestFacts) -> None:
    """Make a request the current one of this context and of the tasks that start in it."""
    _current.set(facts)


def note_question(question: Question) -> None:
    """Note what the current request asks, and which model."""
    facts = current_request()
    if facts is not None:
        facts.model, facts.prompt = question.model, question.text


def note_event(question: Question, event: ServiceEvent) -> None:
    """Note what an event says about the current request."""
    note_question(question)
    facts = current_request()
    if facts is not None and isinstance(event, RoundDecided):
        facts.rounds = max(facts.rounds, event.round)
