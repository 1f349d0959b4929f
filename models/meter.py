"""The one meter: what every model call used, by tier, round and role.

Each tier's language model writes one `Call` for every request, in whatever thread or task it ran, to the meters
that are open in its context. Money that is not known is None and is never added up as zero.
"""

import contextvars
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .call import Call
from .scope import in_scope, scoped
from .usage import Usage


@dataclass
class Meter:
    """Collects the calls made while it is open.

    >>> with metered() as meter:
    ...     pass
    >>> meter.total().calls
    0
    """

    calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def total(self, **labels: Any) -> Usage:
        """The usage of the calls that carry these labels, as in `total(tier="large", role="plan")`."""
        return Usage.from_calls(
            c for c in self.calls if all(getattr(c, k) == v for k, v in labels.items())
        )

    def group_by(self, *labels: str) -> dict[tuple[Any, ...], Usage]:
        """The usage of each combination of labels, as in `by("tier", "round", "role")`, in sorted order."""
        groups: dict[tuple[Any, ...], list[Call]] = {}
        for call in self.calls:
            groups.setdefault(tuple(getattr(call, label) for label in labels), []).append(call)
        return {key: Usage.from_calls(groups[key]) for key in sorted(groups)}


_labels: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "cope_labels", default=None
)


@contextmanager
def metered(meter: Meter | None = None) -> Iterator[Meter]:
    """Open a meter for the calls made inside, also by DSPy's Evaluate and its optimizers. Meters nest."""
    meter = Meter() if meter is None else meter
    with scoped("meters", (*in_scope("meters", ()), meter)):
        yield meter


@contextmanager
def call_labels(**labels: Any) -> Iterator[None]:
    """Give the calls made inside these labels (`round`, `role`, `sample`)."""
    token = _labels.set({**(_labels.get() or {}), **labels})
    try:
        yield
    finally:
        _labels.reset(token)


def new_call(tier: str, model: str) -> Call:
    """A call that carries the labels in force here."""
    return Call(tier=tier, model=model, **(_labels.get() or {}))


def record_call(call: Call) -> None:
    """Write a finished call to every meter open here."""
    for meter in in_scope("meters", ()):
        meter.add(call)


class MachineTimeAccountant:
    """Divides a machine's time among the calls in flight, so that their shares add up to the time it worked.

    Models that generate at once get equal parts of the machine, as the system's scheduler gives them; calls of one model
    share its part equally. While m models run, a call of one with k calls is charged 1 / (m k) of every second. One clock
    serves all tiers of a machine.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._share: defaultdict[str, float] = defaultdict(
            float
        )  # what a call of each model that ran from the start had been charged
        self._since = 0.0

    def _advance(self) -> None:
        now = time.perf_counter()
        for model, calls in self._running.items():
            self._share[model] += (now - self._since) / (len(self._running) * calls)
        self._since = now

    def start(self, model: str = "") -> float:
        """Begin a call of a model; returns what `stop` wants to know."""
        with self._lock:
            self._advance()
            self._running[model] += 1
            return self._share[model]

    def stop(self, started: float, model: str = "") -> float:
        """End a call; returns the seconds charged to it."""
        with self._lock:
            self._advance()
            self._running[model] -= 1
            if not self._running[model]:
                del self._running[model]
            return self._share[model] - started
