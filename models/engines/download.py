"""Download the models of local engines by their names."""

from collections.abc import Iterator, Sequence

from ...errors import CopeError
from ..weights.pairs import DEFAULT_PAIR, pairs
from ..weights.progress import DownloadBar
from .registry import ENGINES, EngineFactory


def names_of_models(names: Sequence[str]) -> Iterator[str]:
    """Yield names of models: the name of a pair stands for both of its models.

    Args:
        names: models and pairs; without any the default pair.

    >>> list(names_of_models(["ollama/qwen3:8b"]))
    ['ollama/qwen3:8b']
    """
    for name in names or (DEFAULT_PAIR,):
        pair = pairs().get(name)
        if pair is None:
            yield name
        else:
            yield from (pair.small, pair.large)


def download_model(name: str) -> str:
    """Download a model, with a progress bar on a terminal, and return where it is.

    Args:
        name: the name with the prefix of its engine; weights also without it.

    Raises:
        CopeError: for a model that does not run on this machine, or a download that fails.
    """
    factory, rest = _find_engine(name)
    if factory is None or not factory.can_download:
        known = " and ".join(f"{known}/NAME" for known in ENGINES if ENGINES[known].can_download)
        raise CopeError(f"{name} does not run on this machine: pull takes {known}")
    with DownloadBar(without_server(rest)) as bar:
        return factory.download(rest, bar)


def _find_engine(name: str) -> tuple[EngineFactory | None, str]:
    """Return the engine of a model, if it is a local one, and the name that the engine takes."""
    prefix, slash, rest = name.partition("/")
    if prefix in ENGINES and slash:
        return ENGINES[prefix], rest
    if not slash or name.endswith(".gguf"):  # weights without the prefix, by name or path
        return ENGINES["local"], name
    return None, rest


def without_server(name: str) -> str:
    """Return a model's name without the address of its server.

    >>> without_server("ollama/qwen3:8b@http://host:11434")
    'ollama/qwen3:8b'
    """
    return name.partition("@http")[0]
