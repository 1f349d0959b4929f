"""The factories of the project's own engines. Each imports its engine only when one is made, because engines import DSPy."""

from typing import TYPE_CHECKING

from ...errors import CopeError
from ..hosts import default_host, split_host
from .registry import EngineFactory, EngineSettings, Progress

if TYPE_CHECKING:
    from .base import LocalEngine


class EmbeddedFactory(EngineFactory):
    """`local/NAME` and `local/PATH.gguf`: llama.cpp in this process."""

    engine_path = "cope.models.engines.embedded:EmbeddedEngine"
    can_download = True

    def make(self, name: str, settings: EngineSettings) -> "LocalEngine":
        from .embedded import EmbeddedEngine

        return EmbeddedEngine(
            name,
            slots=settings.concurrency,
            context=settings.context,
            weights_dir=settings.weights_dir,
        )

    def default_concurrency(self, name: str) -> int:
        from .embedded import default_concurrency

        return default_concurrency(name)

    def download(self, name: str, progress: Progress) -> str:
        from ..weights.resolve import resolve_weights

        return str(resolve_weights(name, progress=progress))


class OllamaFactory(EngineFactory):
    """`ollama/NAME` and `ollama/NAME@http://host:port`: a model of an Ollama server."""

    engine_path = "cope.models.engines.ollama:OllamaEngine"
    can_download = True

    def make(self, name: str, settings: EngineSettings) -> "LocalEngine":
        from .ollama import OllamaEngine

        model, host = split_host(name)
        return OllamaEngine(model, host, context=settings.context)

    def cpu_shared_host(self, name: str) -> str | None:
        return split_host(name)[1] or default_host()

    def download(self, name: str, progress: Progress) -> str:
        from .ollama_server import pull

        model, given = split_host(name)
        if not model:
            raise CopeError("ollama/ needs a model's name, as in ollama/qwen2.5:3b")
        host = given or default_host()
        pull(model, host, progress)
        return f"on the server at {host}"


EMBEDDED = EmbeddedFactory()
OLLAMA = OllamaFactory()
