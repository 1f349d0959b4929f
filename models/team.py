"""The team: named tiers of language models, looked up at call time."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dspy

from ..errors import CopeError
from .adapter import adapter_by_name
from .concurrency import PrioritySemaphore, TierScheduler
from .engines.async_adapter import AsyncEngineAdapter
from .engines.base import LocalEngine
from .engines.registry import (
    ENGINE_CONCURRENCY,
    UNNAMED_PREFIX,
    EngineSettings,
    default_concurrency,
    find_factory,
    make_engine,
)
from .hosts import is_loopback, split_host
from .lm import TierLM, TierRuntime
from .meter import MachineTimeAccountant
from .prices import Price

# LiteLLM must not fetch its price table where there may be no network; the one in the package serves.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

DEFAULT_SMALL = "local/qwen2.5-coder-0.5b"
DEFAULT_LARGE = "local/qwen2.5-coder-1.5b"

PROMPT_SETTINGS = ("adapter", "max_tokens", "context")
"""Options of a team that change what a prompt looks like, or what fits: prompts are compiled, and answers recorded, under one
value of each."""

# One machine's tiers share its clock, and its cores where a server per model would fight for them.
_machine_clock = MachineTimeAccountant()
_host_schedulers: dict[str, TierScheduler] = {}


@dataclass(frozen=True)
class Tier:
    """A named place in the team.

    Attributes:
        name: `small`, `large`, or the user's own.
        model: the name by which the user asked for it.
        lm: the language model, for `dspy.context(lm=...)`.
        adapter: how signatures become prompts and replies become fields.
        seeded: whether the engine takes a seed.
    """

    name: str
    model: str
    lm: TierLM
    adapter: dspy.Adapter
    seeded: bool

    @property
    def engine(self) -> LocalEngine | None:
        """The engine behind the language model; None for an API."""
        engine = getattr(self.lm, "engine", None)
        return engine if isinstance(engine, LocalEngine) else None

    @property
    def context_tokens(self) -> int | None:
        """Tokens that a request may have, prompt and completion; None where the model's server knows."""
        return self.engine.context if self.engine else None

    def weights_digest(self) -> str | None:
        """A digest of the weights behind the name, as `KIND:HEX`; None where it is not known, as with an API."""
        return self.engine.weights_digest() if self.engine else None

    def context(self, **more: Any) -> Any:
        """DSPy's context in which predictors run on this tier, with more of its settings where they are given."""
        return dspy.context(lm=self.lm, adapter=self.adapter, **more)


class Team:
    """Tiers by name.

    A tier is given as a string: `local/NAME` or `local/PATH.gguf` (embedded llama.cpp), `ollama/NAME` with an optional
    `@http://host:port`, `PREFIX/NAME` of an engine that another package registers, or any name that DSPy and LiteLLM
    know, with an optional `@http://host:port/v1` for an OpenAI-compatible server; or as an engine object.

    Args:
        small: the small tier.
        large: the large tier.
        tiers: more tiers by name.
        prices: the user's price of a tier; without one an API's is DSPy's and a local tier's unknown.
        limits: how many requests of a tier may be in flight; default 8 for local engines
            (4 for embedded weights over 1 GB), 16 otherwise.
        adapter: `lean`, `chat`, `json` or `xml`.
        cache: use DSPy's cache of responses.
        context: tokens that a request to a local engine may have, prompt and completion.
        max_tokens: most tokens of a completion, unless the preset says otherwise.
        weights_dir: a folder with weights of embedded models, searched first; the environment's
            `COPE_WEIGHTS` when None.

    Raises:
        CopeError: for a name that cannot be understood, an unknown tier, a limit below 1.

    >>> team = Team(small="local/qwen2.5-coder-0.5b", large="openai/gpt-4o-mini")
    >>> team["large"].model
    'openai/gpt-4o-mini'
    """

    def __init__(
        self,
        small: "str | LocalEngine" = DEFAULT_SMALL,
        large: "str | LocalEngine" = DEFAULT_LARGE,
        *,
        prices: dict[str, Price] | None = None,
        limits: dict[str, int] | None = None,
        adapter: str = "lean",
        cache: bool = True,
        context: int = 2048,
        max_tokens: int = 512,
        weights_dir: Path | None = None,
        **tiers: "str | LocalEngine",
    ) -> None:
        wanted = {"small": small, "large": large, **tiers}
        self._arguments = {
            **wanted,
            "prices": prices,
            "limits": limits,
            "adapter": adapter,
            "cache": cache,
            "context": context,
            "max_tokens": max_tokens,
            "weights_dir": weights_dir,
        }
        self.weights_dir = weights_dir
        self._settings = {"cache": cache, "max_tokens": max_tokens}
        self._prices, self._limits, self._context = prices or {}, limits or {}, context
        for name in [*self._prices, *self._limits]:
            if name not in wanted:
                raise CopeError(f"no tier is named {name!r}: the team has {', '.join(wanted)}")
        for name, limit in self._limits.items():
            if limit < 1:
                raise CopeError(
                    f"the limit of tier {name!r} is {limit}: at least one request must be allowed"
                )
        self._cpu_shared_hosts = _find_cpu_shared_hosts(wanted.values())
        self._adapter = adapter_by_name(adapter)
        self.tiers = {name: self._tier(name, model) for name, model in wanted.items()}

    def __getitem__(self, name: str) -> Tier:
        try:
            return self.tiers[name]
        except KeyError:
            raise CopeError(
                f"no tier is named {name!r}: the team has {', '.join(self.tiers)}"
            ) from None

    def __deepcopy__(self, memo: dict[int, Any]) -> "Team":
        return self  # optimizers copy programs; the models stay the same

    def __reduce__(self) -> Any:
        """Saved as it was asked for: keys and addresses come from the environment of whoever loads it."""
        return partial(type(self), **self._arguments), ()

    def _tier(self, name: str, model: "str | LocalEngine") -> Tier:
        concurrency = self._limits.get(name) or _default_concurrency(model)
        if isinstance(model, LocalEngine):
            engine = model
            lm_name = engine.name or f"{UNNAMED_PREFIX}/{type(engine).__name__}-{name}"
        else:
            engine = make_engine(
                model, EngineSettings(concurrency, self._context, self.weights_dir)
            )
            lm_name = engine.name or model if engine else model
        local = engine is not None
        host = engine.host if engine else None
        scheduler = None
        if host in self._cpu_shared_hosts:
            scheduler = _host_schedulers.setdefault(host, TierScheduler())
        runtime = TierRuntime(
            semaphore=PrioritySemaphore(concurrency),
            scheduler=scheduler,
            machine_time=_machine_clock if local and is_loopback(host) else MachineTimeAccountant(),
            price=self._prices.get(name),
        )
        if engine is not None:
            lm = TierLM(
                lm_name,
                tier=name,
                runtime=runtime,
                engine=engine,
                async_engine=AsyncEngineAdapter(engine),
                **self._settings,
            )
        else:
            lm = _api_model(lm_name, name, runtime, self._settings)
        return Tier(
            name, model if isinstance(model, str) else lm_name, lm, self._adapter, seeded=local
        )


def _default_concurrency(model: "str | LocalEngine") -> int:
    if isinstance(model, LocalEngine):
        return ENGINE_CONCURRENCY
    return default_concurrency(model)


def _api_model(model: str, tier: str, runtime: TierRuntime, settings: dict[str, Any]) -> TierLM:
    name, host = split_host(model)
    settings = dict(settings)
    if host:
        # A server of the user's own wants no key; the client insists on some value.
        settings |= {"api_base": host, "api_key": os.environ.get("OPENAI_API_KEY") or "none"}
    try:
        return TierLM(name, tier=tier, runtime=runtime, **settings)
    except dspy.LMConfigurationError:  # a reasoning model sets its own length
        del settings["max_tokens"]
        return TierLM(name, tier=tier, runtime=runtime, **settings)
    except ValueError as error:
        raise CopeError(f"model {model!r} is not understood: {error}") from None


def has_gpu() -> bool:
    """Whether the machine shows a GPU that local engines use."""
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    return apple or Path("/dev/nvidia0").exists() or Path("/dev/kfd").exists()


def _find_cpu_shared_hosts(models: "Iterable[str | LocalEngine]") -> set[str]:
    """Return the servers on this machine that serve two or more of the models from the same CPU cores."""
    hosts: dict[str, int] = {}
    for model in dict.fromkeys(model for model in models if isinstance(model, str)):
        factory = find_factory(model)
        host = factory.cpu_shared_host(model.partition("/")[2]) if factory else None
        if host:
            hosts[host] = hosts.get(host, 0) + 1
    shared = {host for host, served in hosts.items() if served > 1 and is_loopback(host)}
    return set() if has_gpu() else shared
