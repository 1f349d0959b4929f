"""The metrics of a server, in the text format of Prometheus.

No label holds what a client wrote: models are served ones, routes are patterns, tiers and roles are
the team's. So there is a bounded number of series, and neither prompts nor keys are among them.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any

from ..models import Call
from ..programs.events import RoundDecided, RoundStarted
from .accounts import cost_of
from .places import Places
from .request_facts import RequestFacts
from .service import Question, ServiceEvent

prometheus: Any = None  # an optional dependency
if find_spec("prometheus_client"):
    import prometheus_client as prometheus
    from prometheus_client import multiprocess

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable with the folder in which processes count together; the package reads it."""

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 150.0, 600.0)
_SHARES = tuple(share / 10 for share in range(1, 11))
NO_MODEL = "none"


class Metrics:
    """Counts requests, rounds, calls, tokens and money of one server.

    Args:
        places: its queue.
        shared: whether the numbers are those of all processes, see `shared_metrics`.
    """

    def __init__(self, places: Places, shared: bool = False) -> None:
        self._registry = prometheus.CollectorRegistry()
        self._shared = shared
        self._series = cache(_labeled)
        self._requests = self._counter("requests", "Requests.", "route", "model", "status")
        self._request_seconds = self._histogram(
            "request_seconds", "Seconds of a request.", _SECONDS, "route"
        )
        self._rounds = self._counter("rounds", "Rounds that began.", "model", "round")
        self._escalations = self._counter(
            "escalations", "Rounds whose confidence missed the threshold.", "model", "round"
        )
        self._confidence = self._histogram(
            "confidence", "Confidence of a round, 0 to 1.", _SHARES, "model", "round"
        )
        self._calls = self._counter(
            "calls", "Calls of models, by how they ended.", "tier", "role", "outcome"
        )
        self._call_seconds = self._histogram(
            "call_seconds", "Seconds of a call that a model answered.", _SECONDS, "tier", "role"
        )
        self._tokens = self._counter(
            "tokens",
            "Tokens of calls that no cache of replies answered. Those of kind `cached` are prompt "
            "tokens that the engine had in its cache.",
            "tier",
            "role",
            "kind",
        )
        self._usd = self._counter("usd", "USD that were spent at most.", "tier", "role")
        self._unpriced = self._counter(
            "unpriced_calls", "Calls whose price is not known.", "tier", "role"
        )
        self._audits = self._counter(
            "audits", "Answers that were compared with the last tier's.", "result"
        )
        running = self._gauge("requests_running", "Requests that are answered now.")
        waiting = self._gauge("requests_waiting", "Requests that wait in the queue.")
        if shared:  # other processes read the numbers, and cannot call a function

            def note() -> None:
                running.set(places.running)
                waiting.set(places.waiting)

            places.on_change = note
        else:
            running.set_function(lambda: places.running)
            waiting.set_function(lambda: places.waiting)

    def text(self) -> bytes:
        """Return all metrics in the text format."""
        registry = self._registry
        if self._shared:
            registry = prometheus.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return prometheus.generate_latest(registry)

    @property
    def content_type(self) -> str:
        """The media type of `text`."""
        return prometheus.CONTENT_TYPE_LATEST

    def count_event(self, question: Question, event: ServiceEvent) -> None:
        """Count an event of the service."""
        if isinstance(event, RoundStarted):
            self._series(self._rounds, question.model, event.round).inc()
        elif isinstance(event, RoundDecided):
            self._series(self._confidence, question.model, event.round).observe(event.confidence)
            if not event.accepted:
                self._series(self._escalations, question.model, event.round).inc()

    def count_request(self, facts: RequestFacts) -> None:
        """Count a request that ended, and its calls."""
        model = facts.model or NO_MODEL
        self._series(self._requests, facts.route, model, facts.status).inc()
        self._series(self._request_seconds, facts.route).observe(facts.seconds)
        for call in facts.meter.calls:
            self.count_call(call)

    def count_call(self, call: Call, role: str | None = None) -> None:
        """Count a call.

        Args:
            call: the call.
            role: the role; None is the call's own.
        """
        labels = call.tier, role or call.role
        self._series(self._calls, *labels, _outcome(call)).inc()
        if call.cache_hit:
            return
        for kind in ("prompt", "completion", "cached"):
            tokens = getattr(call, f"{kind}_tokens")
            if tokens:
                self._series(self._tokens, *labels, kind).inc(tokens)
        self._series(self._usd, *labels).inc(cost_of(call))
        if call.cost.high is None:
            self._series(self._unpriced, *labels).inc()
        if call.seconds and not call.cancelled:
            self._series(self._call_seconds, *labels).observe(call.seconds)

    def count_audit(self, result: str, calls: Sequence[Call]) -> None:
        """Count an audit, see `AuditObserver`; its calls have the role `audit`."""
        self._series(self._audits, result).inc()
        for call in calls:
            self.count_call(call, "audit")

    def _counter(self, name: str, text: str, *labels: str) -> Any:
        return prometheus.Counter(f"cope_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Any:
        return prometheus.Gauge(
            f"cope_{name}", text, registry=self._registry, multiprocess_mode="livesum"
        )

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Any:
        return prometheus.Histogram(
            f"cope_{name}", text, labels, buckets=buckets, registry=self._registry
        )


def _labeled(metric: Any, *labels: object) -> Any:
    """Return the series of a metric. The package takes long to find it, so it is cached."""
    return metric.labels(*labels)


def _outcome(call: Call) -> str:
    """Return how a call ended."""
    if call.cache_hit:
        return "cached"
    return "cancelled" if call.cancelled else "answered"


def open_metrics(places: Places, shared: bool = False) -> Metrics | None:
    """Return the metrics of a server; None where the package `prometheus-client` is missing."""
    return None if prometheus is None else Metrics(places, shared)


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Let the processes that are started inside count together, in a folder of their own.

    The package chooses how it counts when a process imports it.
    """
    before = os.environ.get(_FOLDER)
    with tempfile.TemporaryDirectory(prefix="cope-metrics-") as folder:
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER]
            if before is not None:
                os.environ[_FOLDER] = before


def drop_shared_metrics() -> None:
    """Remove the folder of a server whose first process was killed."""
    shutil.rmtree(os.environ.get(_FOLDER, ""), ignore_errors=True)


def forget_process(pid: int) -> None:
    """Leave the running and waiting requests of a process that has ended out of the sums."""
    if prometheus is not None:
        multiprocess.mark_process_dead(pid)
