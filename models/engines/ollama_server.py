"""An Ollama server: what it has, and how it brings a model."""

from collections.abc import Callable
from typing import Any

from ...errors import CopeError, Unavailable
from ..hosts import default_host


def server_host(host: str | None = None) -> str:
    """The server's address: the given one, else `OLLAMA_HOST`, else loopback."""
    return host or default_host()


def server_info(host: str, seconds: float = 1.0) -> tuple[str, list[dict[str, Any]]]:
    """The server's version, and its models with `name` and `size` in bytes.

    Raises:
        httpx.HTTPError: when no server answers, each of two requests within `seconds`.
        ValueError: when what answers is not Ollama.
    """
    import httpx

    with httpx.Client(base_url=host, timeout=seconds) as client:
        number = client.get("/api/version").raise_for_status().json()
        models = client.get("/api/tags").raise_for_status().json()
    try:
        return number["version"], sorted(models["models"], key=lambda model: model["name"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"no {error} in what it says") from None


def pull(name: str, host: str, progress: Callable[[int, int, str], None]) -> None:
    """Let the server bring a model.

    Args:
        name: as in Ollama's library.
        host: the server's address.
        progress: told bytes done and bytes known of, over all layers, and which layer is on its way.

    Raises:
        Unavailable: no server answers, or the connection broke.
        CopeError: the server refuses, as for a name that its library does not know.
    """
    import httpx
    import ollama

    layers: dict[str, tuple[int, int]] = {}
    try:
        for part in ollama.Client(host, timeout=httpx.Timeout(None, connect=10.0)).pull(
            name, stream=True
        ):
            if not (part.digest and part.total):
                continue
            layers[part.digest] = (part.completed or 0, part.total)
            done, total = (sum(column) for column in zip(*layers.values(), strict=True))
            progress(done, total, f"Ollama, layer {len(layers)}")
    except (httpx.TransportError, ConnectionError):
        text = f"no answer from Ollama at {host}: start it with `ollama serve`, or set OLLAMA_HOST"
        raise Unavailable(
            f"{text}; the same command goes on where it stopped" if layers else text
        ) from None
    except ollama.ResponseError as error:
        if "file does not exist" in error.error or error.status_code == 404:
            raise CopeError(
                f"Ollama's library has no model {name!r}: see ollama.com/library for the names"
            ) from None
        raise CopeError(f"Ollama at {host} cannot bring {name!r}: {error.error}") from None
