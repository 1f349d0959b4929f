"""Weights of embedded models: brought here and loaded before they are asked, and shown meanwhile."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from ..models.weights.resolve import resolve_weights

if TYPE_CHECKING:
    from ..models import Team
    from ..models.engines.base import LocalEngine


def load_models(
    team: "Team",
    tiers: Iterable[str] | None = None,
    *,
    load: Iterable[str] | None = None,
    quiet: bool = False,
    extra_lms: Iterable[Any] = (),
) -> None:
    """Bring the weights of the tiers' embedded models and load them, with progress on stderr.

    Args:
        team: where the tiers are looked up.
        tiers: the tiers that may be asked; all when None.
        load: those of them that are loaded now; all when None.
        quiet: say nothing of the loading. A download is shown all the same: it takes minutes.
        extra_lms: language models that are asked too and are no tiers.

    Raises:
        CopeError: when weights cannot be brought or are not what they should be.
    """
    tiers = list(team.tiers if tiers is None else tiers)
    more = [lm.engine for lm in extra_lms if is_embedded(lm.engine)]
    engines = _distinct([*embedded(team, tiers), *more])
    bring_weights(engine.weights for engine in engines if engine.weights)
    for engine in _distinct([*embedded(team, tiers if load is None else load), *more]):
        with _shown(f"loading {engine_name(engine)} ...", quiet):
            engine.load()


def bring_weights(names: Iterable[str]) -> list[Path]:
    """The files of these weights, downloaded where they are missing, with a progress bar on stderr.

    Raises:
        CopeError: when weights cannot be brought or are not what they should be.
    """
    from ..models.weights.progress import DownloadBar

    files = []
    for name in dict.fromkeys(names):
        with DownloadBar(name) as bar:
            files.append(resolve_weights(name, progress=bar))
    return files


def is_embedded(engine: object) -> "TypeGuard[LocalEngine]":
    """Return whether an engine loads its model into this process; a language model of an API has a text for an engine."""
    from ..models.engines.base import LocalEngine

    return isinstance(engine, LocalEngine) and engine.in_process


def embedded(team: "Team", tiers: Iterable[str]) -> "list[LocalEngine]":
    """The embedded engines among these tiers, each model once."""
    engines = [team[tier].engine for tier in tiers]
    return _distinct([engine for engine in engines if is_embedded(engine)])


def _distinct(engines: "list[LocalEngine]") -> "list[LocalEngine]":
    return list({(e.name, e.weights, e.slots, e.context): e for e in engines}.values())


def engine_name(engine: "LocalEngine") -> str:
    """The model's name as the user should read it."""
    weights = engine.weights
    if weights is None:
        return engine.name or type(engine).__name__
    return Path(weights).stem if weights.endswith(".gguf") else weights


def load_beside(engine: "LocalEngine", done: "Callable[[LocalEngine, float], None]") -> None:
    """Load an engine in a thread, and tell when it is there and after how many seconds.

    A model that is needed only after an escalation is loaded only then. Its first call waits for the same load, and
    meets the same error if there is one.
    """

    def work() -> None:
        began = time.perf_counter()
        try:
            engine.load()
        except (
            Exception
        ):  # the first call fails alike, and that failure is the one that is reported
            return
        done(engine, time.perf_counter() - began)

    threading.Thread(target=work, name="cope-load", daemon=True).start()


@contextmanager
def _shown(text: str, quiet: bool) -> Iterator[None]:
    """A line on stderr, and the seconds that the work inside took.

    They are not counted live: llama.cpp's loader lets no other thread of Python run.
    """
    if quiet:
        yield
        return
    began = time.perf_counter()
    print(text, end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print(f" {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
