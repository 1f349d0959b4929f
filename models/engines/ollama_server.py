"""An Ollama server: its models, how it downloads one, and the check of `cope doctor`."""

import shutil
import subprocess
from dataclasses import dataclass

import httpx
import ollama

from ...errors import CopeError, Unavailable
from ...util.certificates import trusted_certificates
from ...util.check import Check
from ...util.json_text import parse_json
from ...util.json_types import JsonObject
from ...util.text import plural, printable, shorten
from ..hosts import is_loopback
from ..weights.verify import Progress
from .model_list import ListedModel, ModelList
from .ollama_reply import UNREADABLE

CONNECT_SECONDS = 10.0
LIST_SECONDS = 1.0


@dataclass(frozen=True)
class ServerInfo:
    """The version of a server, and the sizes of its models in bytes by name, in sorted order."""

    version: str
    sizes: dict[str, int]


def server_info(host: str, timeout: float = LIST_SECONDS) -> ServerInfo:
    """Return a server's version and models.

    Args:
        host: the server's address.
        timeout: seconds for each of two requests.

    Raises:
        httpx.HTTPError: when no server answers in time.
        ValueError: when the server is not Ollama.
    """
    trusts, verify = not is_loopback(host), trusted_certificates()
    with httpx.Client(base_url=host, timeout=timeout, trust_env=trusts, verify=verify) as client:
        version = _read_object(client.get("/api/version")).get("version")
        models = _read_object(client.get("/api/tags")).get("models")
    if not isinstance(version, str) or not isinstance(models, list):
        raise ValueError("no version or models in its reply")
    sizes: dict[str, int] = {}
    for model in models:
        if not isinstance(model, dict) or not isinstance(model.get("name"), str):
            raise ValueError("a model without a name in its reply")
        size = model.get("size")
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            size = 0
        sizes[printable(model["name"])] = size
    return ServerInfo(printable(shorten(version, 40)), dict(sorted(sizes.items())))


def _read_object(reply: httpx.Response) -> JsonObject:
    """Return the JSON object of a reply.

    Raises:
        httpx.HTTPError: for a reply that reports an error.
        ValueError: for a reply that is no JSON object.
    """
    document = parse_json(reply.raise_for_status().content)
    if not isinstance(document, dict):
        raise ValueError("its reply is no JSON object")
    return document


def list_models(host: str) -> ModelList:
    """Return the models of a server for `cope models list`."""
    try:
        sizes = server_info(host).sizes
    except (httpx.HTTPError, ValueError):
        note = f"no Ollama server answers at {host}"
        return ModelList((), {"host": host, "models": None}, note)
    models = [ListedModel(f"ollama/{name}", size, host) for name, size in sizes.items()]
    note = ""
    if not models:
        note = f"the Ollama server at {host} has no models yet: cope models pull ollama/NAME"
    rows = [{"name": model.name, "size": model.size} for model in models]
    return ModelList(tuple(models), {"host": host, "models": rows}, note)


def check_server(host: str, timeout: float) -> Check:
    """Check that an Ollama server answers, and which models it has."""
    try:
        server = server_info(host, timeout)
    except httpx.TransportError:
        return Check("ollama", "note", f"no server answers at {host}", _start_advice(timeout))
    except (httpx.HTTPError, ValueError) as error:
        return Check("ollama", "note", f"not Ollama ({error}) at {host}", _start_advice(timeout))
    found = f"version {server.version} at {host}, {plural(len(server.sizes), 'model')}"
    if not server.sizes:
        return Check("ollama", "ok", found, "download a model: cope models pull ollama/qwen2.5:3b")
    return Check("ollama", "ok", f"{found}: {', '.join(server.sizes)}")


def _start_advice(timeout: float) -> str:
    command = shutil.which("ollama")
    if command:
        name = f"{command}{_version_text(command, timeout)}"
        return f"start it with `ollama serve` ({name}), or set OLLAMA_HOST"
    return "only ollama/ models need it: install Ollama, then `ollama serve`, or set OLLAMA_HOST"


def _version_text(command: str, timeout: float) -> str:
    try:
        result = subprocess.run(
            [command, "--version"], capture_output=True, text=True, timeout=timeout, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = result.stdout.split()
    return f", version {words[-1]}" if words else ""


def pull(name: str, host: str, progress: Progress) -> None:
    """Make the server download a model.

    Args:
        name: the name in Ollama's library.
        host: the server's address.
        progress: takes the bytes that have arrived, the bytes of all layers known so far, and the
            current layer's number as text.

    Raises:
        Unavailable: when no server answers, or the connection breaks.
        CopeError: when the server refuses, for example because its library has no such model.
    """
    done: dict[str, int] = {}
    total: dict[str, int] = {}
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
    trusts, verify = not is_loopback(host), trusted_certificates()
    client = ollama.Client(host, timeout=timeout, trust_env=trusts, verify=verify)
    status: str | None = None
    try:
        for update in client.pull(name, stream=True):
            status = update.status
            if not (update.digest and update.total):
                continue
            done[update.digest] = update.completed or 0
            total[update.digest] = update.total
            progress(sum(done.values()), sum(total.values()), f"Ollama, layer {len(total)}")
    except (httpx.TransportError, ConnectionError):
        text = f"no answer from Ollama at {host}: start it with `ollama serve`, or set OLLAMA_HOST"
        if total:
            text += "; the same command resumes the download"
        raise Unavailable(text) from None
    except ollama.ResponseError as error:
        if "file does not exist" in error.error or error.status_code == 404:
            raise CopeError(
                f"Ollama's library has no model {name!r}: see ollama.com/library for the names"
            ) from None
        message = printable(shorten(error.error, 300))
        raise CopeError(f"Ollama at {host} cannot download {name!r}: {message}") from None
    except (httpx.HTTPError, *UNREADABLE):
        raise CopeError(f"what answers at {host} is not Ollama: check the address") from None
    if status != "success":
        raise Unavailable(
            f"Ollama at {host} ended the download before it was done: "
            "the same command resumes the download"
        )
