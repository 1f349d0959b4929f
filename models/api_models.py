"""The language models of APIs: where they are asked, and which key they get."""

import os
from dataclasses import dataclass
from typing import Any

import dspy
from dspy._vendor.lm15.router import LITELLM_PROVIDER_PREFIXES

from ..errors import CopeError
from ..util.redact import read_key, register_address
from .attempts import NO_KEY
from .hosts import bypass_proxies, is_own_host, split_host
from .lm import TierLM
from .runtime import TierRuntime

# Providers whose variables begin with another name.
_VARIABLE_NAMES = {
    "custom_openai": "OPENAI",
    "huggingface": "HF",
    "text-completion-openai": "OPENAI",
}


@dataclass(frozen=True)
class Address:
    """The address of a provider's models in the environment.

    Attributes:
        variable: the variable that holds it.
        url: the address.
        is_own: whether it is a host of the provider's own.
    """

    variable: str
    url: str
    is_own: bool


def environment_address(provider: str) -> Address | None:
    """Return the address that the environment names for a provider's models; None without one.

    LiteLLM reads variables such as `OPENAI_BASE_URL` and `GROQ_API_BASE`, and would send the
    provider's key to any host that they name.

    Args:
        provider: the part of a model's name before the first slash.
    """
    name = provider.upper().replace("-", "_")
    names = (_VARIABLE_NAMES.get(provider), name, name.removesuffix("_AI"), name.replace("_", ""))
    for prefix in filter(None, names):
        for suffix in ("_BASE_URL", "_API_BASE"):
            url = os.environ.get(f"{prefix}{suffix}", "").strip().rstrip("/")
            if url:
                return Address(f"{prefix}{suffix}", url, is_own_host(provider, url))
    return None


def make_api_model(
    model: str, tier: str, runtime: TierRuntime, settings: dict[str, Any], key: str | None
) -> TierLM:
    """Return the language model of an API.

    A key in the provider's own variable is sent to the provider's own hosts only. Another host
    gets the key that the user names for the tier, or none.

    Args:
        model: `PROVIDER/NAME`, optionally followed by `@http://host:port/v1`, the first server.
        tier: the tier's name.
        runtime: what all calls of the tier share.
        settings: arguments of `dspy.LM`.
        key: the key that the user names for the tier; None without one.

    Raises:
        CopeError: for a name that cannot be understood, or a damaged key.
    """
    name, host = split_host(model)
    provider = name.partition("/")[0]
    settings = dict(settings)
    address = environment_address(provider)
    if address and not host and not (address.is_own and provider == "azure"):
        host = address.url
    is_own = address is not None and address.is_own and host == address.url
    if host:
        settings["api_base"] = host
        servers = runtime.servers.addresses if runtime.servers else [host]
        for server in servers:
            register_address(server)
            bypass_proxies(server)
    if key:
        settings["api_key"] = key
    elif host and not is_own:
        settings["api_key"] = NO_KEY
    else:
        read_key(f"{provider.upper()}_API_KEY")  # raises for a damaged key
    if address and provider in LITELLM_PROVIDER_PREFIXES and provider != "azure":
        settings["engine"] = "lm15"  # for such an address DSPy would change to LiteLLM
    try:
        return TierLM(name, tier=tier, runtime=runtime, **settings)
    except dspy.LMConfigurationError:  # a reasoning model sets its own maximum
        del settings["max_tokens"]
        return TierLM(name, tier=tier, runtime=runtime, **settings)
    except ValueError as error:
        raise CopeError(f"model {model!r} is not understood: {error}") from None
