"""Meter the usage of model calls by tier, round and role.

Each tier's language model adds one `Call` per request to the open meters of its context, in any
thread or task. An unknown price is None and never counts as zero.
"""

import contextvars
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from .call import Call
from .scope import dspy_context, in_scope, scope_setting, using
from .usage import Usage


@dataclass
class Meter:
    """Collects the calls made while it is open; thread-safe.

    >>> with metered() as meter:
    ...     pass
    >>> meter.total().calls
    0
    """

    calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, call: Call) -> None:
        """Add a call."""
        with self._lock:
            self.calls.append(call)

    def total(self, **labels: Any) -> Usage:
        """Return the usage of the calls with these labels, as in `total(role="plan")`."""
        if not labels:
            return Usage.from_calls(self.calls)
        names, wanted = tuple(labels), tuple(labels.values())
        return Usage.from_calls(call for call in self.calls if _values(call, names) == wanted)

    def group_by(self, *labels: str) -> dict[tuple[Any, ...], Usage]:
        """Return the usage by combination of labels, as in `group_by("tier", "role")`, sorted."""
        groups: dict[tuple[Any, ...], list[Call]] = {}
        values = attrgetter(*labels)
        for call in self.calls:
            key = values(call)
            groups.setdefault(key if len(labels) > 1 else (key,), []).append(call)
        return {key: Usage.from_calls(groups[key]) for key in sorted(groups)}


def _values(call: Call, labels: Sequence[str]) -> tuple[Any, ...]:
    return tuple(getattr(call, label) for label in labels)


_labels: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "cope_labels", default=None
)


@contextmanager
def metered(meter: Meter | None = None) -> Iterator[Meter]:
    """Meter the calls made inside, including those of DSPy's optimizers. Meters can be nested."""
    meter = Meter() if meter is None else meter
    with dspy_context(**with_meter(meter)):
        yield meter


def with_meter(meter: Meter) -> dict[str, Any]:
    """Return the setting of DSPy's that meters calls by one more meter, for `dspy_context`."""
    return scope_setting("meters", (*in_scope("meters", ()), meter))


def call_labels(**labels: Any) -> AbstractContextManager[None]:
    """Set labels (`round`, `role`, `sample`) of the calls made inside."""
    return using(_labels, (_labels.get() or {}) | labels)


def new_call(tier: str, model: str) -> Call:
    """Return a call with the labels of the current context."""
    return Call(tier=tier, model=model, **(_labels.get() or {}))


def record_call(call: Call) -> None:
    """Add a finished call to every open meter of the current context."""
    for meter in in_scope("meters", ()):
        meter.add(call)


class MachineTimeAccountant:
    """Divides a machine's time among concurrent calls; the shares add up to its busy time.

    Models that generate at once get equal shares, as the system's scheduler gives them, and the
    calls of one model divide its share equally. While m models run, a call of a model with k calls
    is charged 1 / (m k) of every second. All tiers of a machine share one accountant.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        # By model, the seconds that a call would have been charged that ran from the start.
        self._charged: defaultdict[str, float] = defaultdict(float)
        self._since = 0.0

    def _advance(self) -> None:
        now = time.perf_counter()
        for model, calls in self._running.items():
            self._charged[model] += (now - self._since) / (len(self._running) * calls)
        self._since = now

    def start(self, model: str = "") -> float:
        """Begin a call of a model, and return the argument `started` of `stop`."""
        with self._lock:
            self._advance()
            self._running[model] += 1
            return self._charged[model]

    def stop(self, started: float, model: str = "") -> float:
        """End a call, and return the seconds charged to it."""
        with self._lock:
            self._advance()
            self._running[model] -= 1
            if not self._running[model]:
                del self._running[model]
            return self._charged[model] - started
