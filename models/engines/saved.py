"""Load the engines of saved programs.

A file selects a known engine, but cannot select which module is imported.
"""

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module

from ...errors import CopeError
from ...util.json_types import JsonObject
from .base import LocalEngine
from .registry import ENGINES

_ADAPTER_PATH = "cope.models.engines.async_adapter:AsyncEngineAdapter"
# Where the classes were when earlier programs were saved.
_FORMER_PATHS = {
    "cope.models.embedded:EmbeddedEngine": "cope.models.engines.embedded:EmbeddedEngine",
    "cope.models.engine:AsyncTwin": _ADAPTER_PATH,
    "cope.models.engines.base:AsyncEngineAdapter": _ADAPTER_PATH,
    "cope.models.ollama:OllamaEngine": "cope.models.engines.ollama:OllamaEngine",
    "cope.models.scripted:ScriptedEngine": "cope.models.engines.scripted:ScriptedEngine",
}


def with_current_paths(lm_state: JsonObject) -> JsonObject:
    """Return a saved language model's state with the current paths of its engine's classes."""
    state = dict(lm_state)
    for key in ("engine", "async_engine"):
        saved = state.get(key)
        if isinstance(saved, dict) and "class" in saved:
            path = saved["class"]
            state[key] = saved | {"class": _FORMER_PATHS.get(path, path)}
    return state


def find_engine_class(path: str) -> type[LocalEngine]:
    """Return the class of an engine by its path, `MODULE:CLASS`.

    Known classes are those of registered engines, and the subclasses of `LocalEngine` in modules
    that are already imported.

    Raises:
        CopeError: when no such class is known.
    """
    path = _FORMER_PATHS.get(path, path)
    if path in _registered_paths():
        import_module(path.partition(":")[0])
    for engine_class in _subclasses(LocalEngine):
        if path == f"{engine_class.__module__}:{engine_class.__qualname__}":
            return engine_class
    name = path.partition(":")[2]
    raise CopeError(
        f"the saved program names {name} as an engine, which is not known: import its module "
        "before the program is loaded, or install the package that registers it"
    )


def _registered_paths() -> Iterator[str]:
    for prefix in ENGINES:
        with suppress(CopeError):  # a broken package must not affect the engines of others
            yield ENGINES[prefix].engine_path


def _subclasses(base: type[LocalEngine]) -> Iterator[type[LocalEngine]]:
    for engine_class in base.__subclasses__():
        yield engine_class
        yield from _subclasses(engine_class)
