"""Download and load models ahead of their first call.

Only engines that load their model into this process have something to load.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from .engines.base import LocalEngine
from .weights.resolve import resolve_weights
from .weights.verify import Progress, no_progress

if TYPE_CHECKING:
    from .lm import TierLM
    from .team import Team


def _no_download_progress(name: str) -> AbstractContextManager[Progress]:
    return nullcontext(no_progress)


def _no_loading_message(engine: LocalEngine) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class LoadCallbacks:
    """Report the progress of downloads and loads. The defaults report nothing.

    Attributes:
        downloading: takes the name of weights, and returns a context for their download or
            verification; its value receives the progress.
        loading: takes an engine, and returns a context for the engine's load. llama.cpp's loader
            blocks all other Python threads.
    """

    downloading: Callable[[str], AbstractContextManager[Progress]] = _no_download_progress
    loading: Callable[[LocalEngine], AbstractContextManager[None]] = _no_loading_message


def load_models(
    team: "Team",
    tiers: Iterable[str] | None = None,
    *,
    load: Iterable[str] | None = None,
    extra_lms: "Iterable[TierLM]" = (),
    callbacks: LoadCallbacks | None = None,
) -> None:
    """Download the weights of some tiers, and load their engines.

    Args:
        team: the tiers.
        tiers: names of the tiers that may be called; all when None.
        load: the subset of `tiers` to load now; all of them when None.
        extra_lms: language models outside the team that may be called too.
        callbacks: report the progress.

    Raises:
        CopeError: when weights cannot be downloaded, or a file differs from the catalog's.
    """
    callbacks = callbacks or LoadCallbacks()
    names = list(team.tiers if tiers is None else tiers)
    extra = [lm.engine for lm in extra_lms if is_embedded(lm.engine)]
    sizes = download_weights(_unique([*embedded_engines(team, names), *extra]), callbacks)
    now = names if load is None else load
    engines = _unique([*embedded_engines(team, now), *extra])
    # The largest first, because it takes more memory while it loads than later.
    engines.sort(key=lambda engine: sizes.get(engine.weights or "", 0), reverse=True)
    for engine in engines:
        with callbacks.loading(engine):
            engine.load()


def limit_slots(team: "Team", calls: Mapping[str, int]) -> None:
    """Let embedded models take memory for no more requests than are made at once.

    Called before they are loaded. Tiers that share a loaded model still do.

    Args:
        team: the tiers.
        calls: by tier, the requests that are made at once at most.
    """
    engines: list[tuple[LocalEngine, _Loaded]] = []
    made: Counter[_Loaded] = Counter()
    for tier, count in calls.items():
        engine = team[tier].engine
        if is_embedded(engine):
            engines.append((engine, _loaded(engine)))
            made[_loaded(engine)] += count
    for engine, loaded in engines:
        engine.limit_slots(made[loaded])


def download_weights(engines: Iterable[LocalEngine], callbacks: LoadCallbacks) -> dict[str, int]:
    """Download and verify the weights of engines, and return their bytes by name.

    Raises:
        CopeError: when weights cannot be downloaded, or a file differs from the catalog's.
    """
    sizes: dict[str, int] = {}
    for engine in engines:
        name = engine.weights
        if name is None or name in sizes:
            continue
        with callbacks.downloading(name) as progress:
            path = resolve_weights(name, folder=engine.weights_dir, progress=progress)
        sizes[name] = path.stat().st_size if path.is_file() else 0
    return sizes


def is_embedded(engine: object) -> TypeGuard[LocalEngine]:
    """Return whether an engine loads its model into this process.

    The `engine` of an API's language model is a string.
    """
    return isinstance(engine, LocalEngine) and engine.in_process


def embedded_engines(team: "Team", tiers: Iterable[str]) -> list[LocalEngine]:
    """Return the embedded engines of some tiers, one per loaded model."""
    engines = (team[tier].engine for tier in tiers)
    return _unique([engine for engine in engines if is_embedded(engine)])


def _unique(engines: list[LocalEngine]) -> list[LocalEngine]:
    """Return the engines without those that share a loaded model with an earlier one."""
    unique = {_loaded(engine): engine for engine in engines}
    return list(unique.values())


_Loaded = tuple[str, str | None, int | None, int | None]


def _loaded(engine: LocalEngine) -> _Loaded:
    """Return what engines that share a loaded model have in common."""
    return engine.name, engine.weights, engine.slots, engine.context


def engine_label(engine: LocalEngine) -> str:
    """Return the model's name for messages."""
    weights = engine.weights
    if weights is None:
        return engine.name or type(engine).__name__
    return Path(weights).stem if weights.endswith(".gguf") else weights


def load_in_background(
    engine: LocalEngine, on_loaded: Callable[[LocalEngine, float], None]
) -> None:
    """Load an engine in a thread.

    The engine's first call waits for the same load, and raises the same error if it fails.

    Args:
        engine: the engine.
        on_loaded: receives the engine and the seconds of the load; not called after an error.
    """

    def work() -> None:
        start = time.perf_counter()
        try:
            engine.load()
        except Exception:  # the first call fails in the same way, and reports the error
            return
        on_loaded(engine, time.perf_counter() - start)

    threading.Thread(target=work, name="cope-load", daemon=True).start()
