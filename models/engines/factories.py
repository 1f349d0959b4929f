"""The factories of the project's own engines.

Each method imports its engine when it is called, because engines import DSPy and a web client.
"""

from typing import TYPE_CHECKING

from ...errors import CopeError
from ...util.check import Check
from ..hosts import default_host, is_loopback, split_hosts
from ..weights.catalog import aliases, catalog
from ..weights.pins import pinned
from ..weights.resolve import locate_weights, resolve_weights
from ..weights.verify import Progress
from .draft import split_draft
from .model_list import ListedModel, ModelList
from .registry import EngineFactory, EngineSettings

if TYPE_CHECKING:
    from .base import LocalEngine


class EmbeddedFactory(EngineFactory):
    """Make the engines of `local/NAME` and `local/PATH.gguf`: llama.cpp in this process.

    `?draft=NAME` behind a name lets other weights draft for it, see `draft.py`.
    """

    engine_path = "cope.models.engines.embedded:EmbeddedEngine"
    can_download = True

    def make(self, name: str, settings: EngineSettings) -> "LocalEngine":
        from .embedded import EmbeddedEngine

        weights, draft = split_draft(name)
        return EmbeddedEngine(
            weights,
            slots=settings.concurrency,
            context=settings.context,
            weights_dir=settings.weights_dir,
            draft=draft,
        )

    def default_concurrency(self, name: str) -> int:
        from .embedded import default_concurrency

        return default_concurrency(split_draft(name)[0])

    def download(self, name: str, progress: Progress) -> str:
        return str(resolve_weights(split_draft(name)[0], progress=progress))

    def list_models(self) -> ModelList:
        """Return the catalog of weights. A file of the wrong size counts as missing."""
        alias_of = {name: alias for alias, name in aliases().items()}
        models: list[ListedModel] = []
        for entry in catalog().values():
            weights = pinned(entry)
            path, size = locate_weights(weights)
            here = size is not None and size == (weights.size or size)
            alias = alias_of.get(weights.name)
            models.append(
                ListedModel(
                    name=f"local/{weights.name}",
                    size=weights.size,
                    location=str(path) if here else None,
                    alias=f"local/{alias}" if alias else None,
                    license=weights.license,
                )
            )
        return ModelList(tuple(models), [_weights_document(model) for model in models])


def _weights_document(model: ListedModel) -> dict[str, object]:
    return {
        "name": model.name,
        "alias": model.alias,
        "size": model.size,
        "licence": model.license,
        "file": model.location,
    }


class OllamaFactory(EngineFactory):
    """Make the engines of `ollama/NAME` and `ollama/NAME@http://host:port,http://other:port`."""

    engine_path = "cope.models.engines.ollama:OllamaEngine"
    can_download = True

    def make(self, name: str, settings: EngineSettings) -> "LocalEngine":
        from .ollama import READ_SECONDS, OllamaEngine

        model, hosts = split_hosts(name)
        timeout = max(READ_SECONDS, settings.timeout)
        return OllamaEngine(
            model,
            ",".join(hosts) or None,
            context=settings.context,
            timeout=timeout,
            limit=settings.timeout,
        )

    def is_here(self, name: str) -> bool:
        _, hosts = split_hosts(name)
        return all(is_loopback(host) for host in hosts or [default_host()])

    def cpu_shared_host(self, name: str) -> str | None:
        _, hosts = split_hosts(name)
        return hosts[0] if hosts else default_host()

    def download(self, name: str, progress: Progress) -> str:
        from .ollama_server import pull

        model, hosts = split_hosts(name)
        if not model:
            raise CopeError("ollama/ needs a model's name, as in ollama/qwen2.5:3b")
        hosts = hosts or [default_host()]
        for host in hosts:
            pull(model, host, progress)
        return f"on the server at {' and '.join(hosts)}"

    def list_models(self) -> ModelList:
        from .ollama_server import list_models

        return list_models(default_host())

    def check(self, timeout: float) -> Check:
        from .ollama_server import check_server

        return check_server(default_host(), timeout)


EMBEDDED = EmbeddedFactory()
OLLAMA = OllamaFactory()
