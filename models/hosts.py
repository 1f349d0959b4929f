"""Addresses of servers: where Ollama is looked for, and how a model's name carries one. Light: imports nothing of DSPy."""

import os
from urllib.parse import urlparse

from ..errors import CopeError

DEFAULT_HOST = "http://127.0.0.1:11434"


def default_host() -> str:
    """Where the server is looked for: `OLLAMA_HOST`, else loopback; an address to listen on becomes one to call.

    Raises:
        CopeError: when `OLLAMA_HOST` is no address.
    """
    host = os.environ.get("OLLAMA_HOST", "").strip()
    if not host:
        return DEFAULT_HOST
    bare = "://" not in host
    try:
        parts = urlparse(f"http://{host}" if bare else host)
        port = parts.port or (
            11434 if bare else {"https": 443}.get(parts.scheme, 80)
        )  # as Ollama's own programs do
    except ValueError:
        raise CopeError(
            f"OLLAMA_HOST is {host!r}, which is no address: write it as 127.0.0.1:11434"
        ) from None
    name = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(
        parts.hostname, parts.hostname
    )
    return f"{parts.scheme}://{f'[{name}]' if ':' in str(name) else name}:{port}{parts.path.rstrip('/')}"


def split_host(text: str) -> tuple[str, str | None]:
    """`NAME@http://host:port` as name and address; the address is None when there is none.

    Raises:
        CopeError: when what follows the @ is not an http address.

    >>> split_host("qwen2.5:3b@http://10.0.0.2:11434")
    ('qwen2.5:3b', 'http://10.0.0.2:11434')
    """
    name, at, host = text.partition("@")
    if not at:
        return text, None
    if urlparse(host).scheme not in ("http", "https") or not urlparse(host).hostname:
        raise CopeError(f"{host!r} is not an address: write NAME@http://host:port")
    return name, host.rstrip("/")


def is_loopback(host: str | None) -> bool:
    """Whether an address is loopback; None means this process."""
    return host is None or urlparse(host).hostname in ("127.0.0.1", "localhost", "::1")
