"""Addresses of servers: Ollama's, and those in a model's name. Imports nothing of DSPy."""

import ipaddress
import os
import platform
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlparse, urlsplit

from ..errors import CopeError
from ..util.environment import read_variable

DEFAULT_HOST = "http://127.0.0.1:11434"

_OWN_DOMAINS = {
    "anthropic": "anthropic.com",
    "azure": "azure.com",
    "cohere": "cohere.com",
    "deepseek": "deepseek.com",
    "gemini": "googleapis.com",
    "groq": "groq.com",
    "huggingface": "huggingface.co",
    "mistral": "mistral.ai",
    "moonshot": "moonshot.ai",
    "openai": "openai.com",
    "openrouter": "openrouter.ai",
    "together_ai": "together.xyz",
    "xai": "x.ai",
}
"""The domain of each provider's own hosts, to which its key may be sent."""


def default_host() -> str:
    """Return the address of the Ollama server: `OLLAMA_HOST`, else loopback.

    An address to listen on, such as `0.0.0.0`, becomes one to call.

    Raises:
        CopeError: when `OLLAMA_HOST` is not an address.
    """
    host = read_variable("OLLAMA_HOST").strip()
    if not host:
        return DEFAULT_HOST
    # The ports are those of Ollama's own programs.
    ports = {"http": 80, "https": 443}
    if "://" not in host:
        host = f"http://{host}"
        ports["http"] = 11434
    try:
        parts = urlparse(host)
        port = parts.port or ports.get(parts.scheme, 80)
    except ValueError:
        given = read_variable("OLLAMA_HOST").strip()
        raise CopeError(
            f"OLLAMA_HOST is {given!r}, which is not an address: write it as 127.0.0.1:11434"
        ) from None
    name = parts.hostname or "127.0.0.1"
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)
    if ":" in name:
        name = f"[{name}]"
    return f"{parts.scheme}://{name}:{port}{parts.path.rstrip('/')}"


def split_host(text: str) -> tuple[str, str | None]:
    """Split `NAME@http://host:port` into name and address; the address is None without one.

    Raises:
        CopeError: when the text after the @ is not an http address.

    >>> split_host("qwen2.5:3b@http://10.0.0.2:11434")
    ('qwen2.5:3b', 'http://10.0.0.2:11434')
    """
    name, at, host = text.partition("@")
    if not at:
        return text, None
    if urlparse(host).scheme not in ("http", "https") or not urlparse(host).hostname:
        raise CopeError(f"{host!r} is not an address: write NAME@http://host:port")
    return name, host.rstrip("/")


def split_hosts(text: str) -> tuple[str, list[str]]:
    """Split `NAME@http://host:port,http://other:port` into name and addresses; none without an @.

    Raises:
        CopeError: when the text after the @ is not one address or more.

    >>> split_hosts("openai/m@http://10.0.0.2:8000/v1,http://10.0.0.3:8000/v1")
    ('openai/m', ['http://10.0.0.2:8000/v1', 'http://10.0.0.3:8000/v1'])
    """
    name, at, hosts = text.partition("@")
    if not at:
        return text, []
    addresses: list[str] = []
    for host in hosts.split(","):
        address = split_host(f"{name}@{host.strip()}")[1]
        if address is not None and address not in addresses:
            addresses.append(address)
    return name, addresses


def with_one_host(model: str) -> str:
    """Return a model's name with the first of its addresses, by which it is known everywhere.

    >>> with_one_host("openai/m@http://10.0.0.2:8000/v1,http://10.0.0.3:8000/v1")
    'openai/m@http://10.0.0.2:8000/v1'
    """
    several = re.match(r"(.*?@https?://[^,]*),\s*https?://", model)
    return several[1] if several else model


def is_loopback(host: str | None) -> bool:
    """Return whether an address is one of this machine; None means this process.

    >>> is_loopback("http://127.0.0.5:8000/v1"), is_loopback("http://10.0.0.2:11434")
    (True, False)
    """
    if host is None:
        return True
    try:
        name = (urlparse(host).hostname or "").rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            return True
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def bypass_proxies(host: str | None) -> None:
    """Make every client in this process reach a loopback address without a proxy.

    It adds the host to `NO_PROXY` where a proxy is set, because a proxy elsewhere cannot reach it.
    """
    if host is None or not is_loopback(host):
        return
    proxies = {name.lower() for name, value in os.environ.items() if value}
    if not proxies & {"http_proxy", "https_proxy", "all_proxy"}:
        return
    name = urlparse(host).hostname or ""
    listed: list[str] = []
    for variable in ("no_proxy", "NO_PROXY"):
        listed += os.environ.get(variable, "").split(",")
    hosts = [entry for entry in map(str.strip, listed) if entry]
    if name not in hosts:
        hosts.append(name)
    for variable in ("no_proxy", "NO_PROXY"):
        os.environ[variable] = ",".join(dict.fromkeys(hosts))


def has_gpu() -> bool:
    """Return whether the machine has a GPU that local engines use."""
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    return apple or Path("/dev/nvidia0").exists() or Path("/dev/kfd").exists()


def is_own_host(provider: str, url: str) -> bool:
    """Return whether an address is one of a provider's own hosts, to which its key may be sent.

    >>> is_own_host("openai", "https://api.openai.com/v1"), is_own_host("openai", "https://x.org")
    (True, False)
    """
    domain = _OWN_DOMAINS.get(provider)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    is_own = domain is not None and (host == domain or host.endswith(f".{domain}"))
    return parts.scheme == "https" and is_own


@lru_cache(maxsize=256)  # each request asks
def cache_address(model: str, address: object) -> str | None:
    """Return what tells a server's replies from another server's in DSPy's cache.

    DSPy's keys leave the address out. Servers of this machine and the provider's own hosts are not
    told apart, so that their cached replies keep their keys.

    Args:
        model: `PROVIDER/NAME`.
        address: the setting `api_base`.

    Returns:
        The address without user, password and query; None for an address that is left out.

    >>> cache_address("openai/m", "https://me:secret@models.example:8000/v1?key=1")
    'https://models.example:8000/v1'
    >>> cache_address("openai/m", "http://127.0.0.1:8000/v1") is None
    True
    """
    if not isinstance(address, str) or is_loopback(address):
        return None
    if is_own_host(model.partition("/")[0], address):
        return None
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
