"""Engines by the prefix of a model's name, as in `local/NAME` and `ollama/NAME`.

Another package adds an engine by the entry-point group `cope.engines`: the entry's name is the
prefix, its object an `EngineFactory`. A prefix that is not registered belongs to an API, which DSPy
and LiteLLM know by name.

This module does not import DSPy, because the command line uses it for its help texts.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import CopeError
from ...util.check import Check
from ...util.registry import Registry
from ..weights.verify import Progress
from .model_list import ModelList

if TYPE_CHECKING:
    from .base import LocalEngine

UNNAMED_PREFIX = "engine"
"""The prefix of an engine object without a name."""

API_CONCURRENCY = 16
"""Maximum of requests in flight to an API by default."""

ENGINE_CONCURRENCY = 8
"""Maximum of requests in flight by default for an engine that defines none."""

DEFAULT_TIMEOUT = 300.0
"""Seconds that one request to a server may take by default."""


@dataclass(frozen=True)
class EngineSettings:
    """The team's settings for one engine.

    Attributes:
        concurrency: maximum of requests in flight.
        context: maximum tokens of a request, prompt and completion.
        weights_dir: a folder with weights of embedded models, searched first; None for the default.
        timeout: seconds that one request to a server may take; the language model cancels it then.
    """

    concurrency: int
    context: int
    weights_dir: Path | None = None
    timeout: float = DEFAULT_TIMEOUT


class EngineFactory(ABC):
    """Makes the engines of one prefix.

    Attributes:
        engine_path: `MODULE:CLASS` of the engines, for loading saved programs.
        is_local: whether the model runs locally, and so is most likely a small one.
        error_is_ours: whether the engine's error messages already contain advice.
        can_download: whether `download` is implemented.
    """

    engine_path: str = ""
    is_local: bool = True
    error_is_ours: bool = True
    can_download: bool = False

    @abstractmethod
    def make(self, name: str, settings: EngineSettings) -> "LocalEngine":
        """Return the engine for a model's name without the prefix.

        Raises:
            CopeError: for a name that cannot be understood.
        """

    def default_concurrency(self, name: str) -> int:
        """Return the maximum of requests in flight that improves the throughput."""
        return ENGINE_CONCURRENCY

    def is_here(self, name: str) -> bool:
        """Return whether a model runs on this machine: in this process or behind loopback."""
        return self.is_local

    def cpu_shared_host(self, name: str) -> str | None:
        """Return the server whose models compete for CPU cores; None when they do not."""
        return None

    def download(self, name: str, progress: Progress) -> str:
        """Download a model to this machine or to its server, and return where it is."""
        raise CopeError(f"{name} cannot be downloaded: its engine has no download")

    def list_models(self) -> ModelList | None:
        """Return the models for `cope models list`; None for an engine that lists none."""
        return None

    def check(self, timeout: float) -> Check | None:
        """Return the result of a check for `cope doctor`; None for an engine without one.

        Args:
            timeout: seconds for each request or command of the check.
        """
        return None


def _check_factory(variant: object) -> None:
    if not isinstance(variant, EngineFactory):
        raise TypeError(f"{type(variant).__name__} is no EngineFactory")


ENGINES: Registry[EngineFactory] = Registry("engine", "cope.engines", _check_factory)


def list_models_of_engines(notify: Callable[[str], None]) -> dict[str, ModelList]:
    """Return the models of each engine that lists its models, by the engine's prefix.

    Args:
        notify: receives the error of an engine that fails, which must not hide the others.
    """
    lists: dict[str, ModelList] = {}
    for prefix in ENGINES:
        try:
            models = ENGINES[prefix].list_models()
        except CopeError as error:
            notify(str(error))
            continue
        if models is not None:
            lists[prefix] = models
    return lists


def find_factory(model: str) -> EngineFactory | None:
    """Return the factory for a model's name; None for an API.

    Raises:
        CopeError: when the registered engine cannot be loaded.
    """
    return ENGINES.get(model.partition("/")[0])


def is_local(model: object) -> bool:
    """Return whether a model's name is that of a local model.

    >>> is_local("ollama/qwen3:8b"), is_local("openai/gpt-4o-mini")
    (True, False)
    """
    factory = find_factory(model) if isinstance(model, str) else None
    return factory is not None and factory.is_local


def is_here(model: str) -> bool:
    """Return whether a model runs on this machine: in this process or behind loopback.

    >>> is_here("local/qwen2.5-coder-0.5b"), is_here("ollama/qwen3:8b@http://10.0.0.2:11434")
    (True, False)
    """
    prefix, _, name = model.partition("/")
    factory = ENGINES.get(prefix)
    return factory is not None and factory.is_here(name)


def error_is_ours(model: str) -> bool:
    """Return whether the error messages of a model's engine already contain advice.

    >>> error_is_ours("local/qwen2.5-coder-0.5b"), error_is_ours("openai/gpt-4o-mini")
    (True, False)
    """
    if model.partition("/")[0] == UNNAMED_PREFIX:
        return True
    factory = find_factory(model)
    return factory is not None and factory.error_is_ours


def default_concurrency(model: str) -> int:
    """Return the default maximum of requests in flight for a model."""
    prefix, _, name = model.partition("/")
    factory = ENGINES.get(prefix)
    return API_CONCURRENCY if factory is None else factory.default_concurrency(name)


def make_engine(model: str, settings: EngineSettings) -> "LocalEngine | None":
    """Return the engine for a model's name; None for an API.

    Raises:
        CopeError: for a name that cannot be understood.
    """
    prefix, _, name = model.partition("/")
    if not name:
        examples = ", ".join(f"{known}/{model}" for known in ENGINES)
        raise CopeError(
            f"model {model!r} needs a provider in front, as in {examples} or openai/{model}"
        )
    factory = ENGINES.get(prefix)
    return None if factory is None else factory.make(name, settings)


def name_forms() -> str:
    """Return the forms of names of the registered engines' models.

    >>> name_forms().startswith("local/NAME, ollama/NAME")
    True
    """
    return ", ".join(f"{prefix}/NAME" for prefix in ENGINES)
