"""The team: named tiers of language models, looked up at call time."""

import inspect
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import dspy

from ..errors import CopeError
from ..util.arguments import check_argument, check_number
from .adapter import adapter_by_name
from .api_models import make_api_model
from .concurrency import PrioritySemaphore, TierScheduler
from .engines.async_adapter import AsyncEngineAdapter
from .engines.base import LocalEngine
from .engines.draft import with_weights_of_tiers, without_draft
from .engines.registry import (
    DEFAULT_TIMEOUT,
    ENGINE_CONCURRENCY,
    UNNAMED_PREFIX,
    EngineSettings,
    default_concurrency,
    find_factory,
    make_engine,
)
from .hosts import has_gpu, is_loopback, split_hosts, with_one_host
from .lm import TierLM
from .meter import MachineTimeAccountant
from .prices import Price
from .runtime import TierRuntime
from .sampling_mode import REQUESTS, Sampling, SeveralSamples, check_sampling
from .scope import dspy_context
from .server_pool import ServerPool
from .team_checks import check_models, check_tier_options, tier_key
from .tier_error import unknown_tier_error

# Without a network LiteLLM must not fetch its price table; it uses the one in its package.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

DEFAULT_SMALL = "local/qwen2.5-coder-0.5b"
DEFAULT_LARGE = "local/qwen2.5-coder-1.5b"

PROMPT_SETTINGS = ("adapter", "max_tokens", "context")
"""Settings that change prompts, so that a program or a record is valid only for its own values."""

_MANY_REQUESTS = 10_000_000
"""More requests than any batch has."""

# The local tiers of a machine share its time, and those of a server may share its cores.
_machine_clock = MachineTimeAccountant()
_host_schedulers: dict[str, TierScheduler] = {}


@dataclass(frozen=True)
class Tier:
    """A model of the team under a name.

    Attributes:
        name: `small`, `large`, or the user's own.
        model: the model's name as the user gave it.
        lm: the language model, for `dspy.context(lm=...)`.
        adapter: formats signatures as prompts and parses replies to fields.
        seeded: whether the engine accepts a seed.
    """

    name: str
    model: str
    lm: TierLM
    adapter: dspy.Adapter
    seeded: bool

    @property
    def engine(self) -> LocalEngine | None:
        """The engine of the language model; None for an API."""
        engine = getattr(self.lm, "engine", None)
        return engine if isinstance(engine, LocalEngine) else None

    @property
    def context_tokens(self) -> int | None:
        """Maximum tokens of a request, prompt and completion; None for an API."""
        return self.engine.context if self.engine else None

    def weights_digest(self) -> str | None:
        """Return a digest of the model's weights, as `KIND:HEX`; None where it is not known."""
        return self.engine.weights_digest() if self.engine else None

    def context(self, adapter: dspy.Adapter | None = None, **settings: Any) -> Any:
        """Return DSPy's context in which predictors use this tier.

        Args:
            adapter: formats prompts in place of the tier's adapter.
            settings: more of DSPy's settings.
        """
        return dspy_context(lm=self.lm, adapter=adapter or self.adapter, **settings)


class Team:
    """Tiers by name.

    A tier is an engine object, or a model's name:

    - `local/NAME` or `local/PATH.gguf` for embedded llama.cpp; `?draft=TIER` behind it lets the
      weights of another tier draft tokens for it, `?draft=ngram` the text so far,
    - `ollama/NAME`, optionally followed by `@http://host:port`,
    - `PREFIX/NAME` of an engine that another package registers,
    - a name that DSPy and LiteLLM know, optionally followed by `@http://host:port/v1` for an
      OpenAI-compatible server.

    Several servers of one model are divided by commas, as in `@http://a:8000/v1,http://b:8000/v1`.

    Args:
        small: the small tier.
        large: the large tier.
        prices: the user's price by tier. Without one, the price of an API is DSPy's, and that of a
            local tier is unknown.
        limits: the maximum of requests in flight by tier; by default 8 for local engines (4 for
            embedded weights over 1 GB), 16 otherwise, for each server.
        keys: the environment variable that holds a tier's API key, by tier. Without one, an API
            reads the provider's own variable, and a server at `@http://...`, or at the address in
            a variable such as `OPENAI_BASE_URL`, gets no key.
        adapter: `lean`, `chat`, `json` or `xml`.
        cache: use DSPy's cache of responses.
        context: maximum tokens of a request to a local engine, prompt and completion.
        max_tokens: maximum tokens of a completion, unless the preset sets another.
        timeout: seconds that one request to a server may take. Models in this process have no
            such limit.
        sampling: how the samples of a round are requested: `requests`, each by
            its own request; `batch`, several by one request, where the server takes their number;
            `auto`, the cheaper one, or the quicker one where money makes no difference.
        weights_dir: a folder with weights of embedded models, searched first; the environment's
            `COPE_WEIGHTS` when None.
        **tiers: more tiers by name.

    Raises:
        CopeError: for a model's name that cannot be understood, an unknown tier, a limit below 1,
            an unknown sampling, or a timeout that is not above 0.

    >>> team = Team(small="local/qwen2.5-coder-0.5b", large="openai/gpt-4o-mini")
    >>> team["large"].model
    'openai/gpt-4o-mini'
    """

    def __init__(
        self,
        small: str | LocalEngine = DEFAULT_SMALL,
        large: str | LocalEngine = DEFAULT_LARGE,
        *,
        prices: dict[str, Price] | None = None,
        limits: dict[str, int] | None = None,
        keys: dict[str, str] | None = None,
        adapter: str = "lean",
        cache: bool = True,
        context: int = 2048,
        max_tokens: int = 512,
        timeout: float = DEFAULT_TIMEOUT,
        sampling: str = REQUESTS,
        weights_dir: Path | None = None,
        **tiers: str | LocalEngine,
    ) -> None:
        models: dict[str, str | LocalEngine] = {"small": small, "large": large}
        models.update(tiers)
        check_models(models, inspect.signature(Team).parameters)
        models = with_weights_of_tiers(models)
        check_number("Team(context)", context, 1, whole=True)
        check_number("Team(max_tokens)", max_tokens, 1, whole=True)
        check_argument("Team(adapter)", adapter, str, "the name lean, chat, json or xml")
        check_argument(
            "Team(weights_dir)", weights_dir, (str, Path), "the path of a folder", optional=True
        )
        self._arguments: dict[str, Any] = dict(
            models,
            prices=prices,
            limits=limits,
            keys=keys,
            adapter=adapter,
            cache=cache,
            context=context,
            max_tokens=max_tokens,
            timeout=timeout,
            sampling=sampling,
            weights_dir=weights_dir,
        )
        self._sampling: Sampling = check_sampling(sampling)
        self.weights_dir, self.timeout = weights_dir, timeout
        if not timeout > 0:
            raise CopeError(f"a timeout of {timeout:g} seconds allows no request: give more than 0")
        self._settings = {"cache": cache, "max_tokens": max_tokens}
        self._limits, self._keys, self._context = limits or {}, keys or {}, context
        check_tier_options(models, prices or {}, self._limits, self._keys)
        self._prices = dict(prices or {})
        self._cpu_shared_hosts = _find_cpu_shared_hosts(models.values())
        self._adapter = adapter_by_name(adapter)
        self.tiers = {name: self._tier(name, model) for name, model in models.items()}

    @property
    def prices(self) -> dict[str, Price]:
        """The user's prices by tier."""
        return dict(self._prices)

    def send_in_batches(self, name: str, discount: float) -> None:
        """Let all requests of a tier wait together for a batch, at a share of the price.

        Args:
            name: a tier behind an API.
            discount: the share of the price that a batch costs, such as 0.5.
        """
        lm = self[name].lm
        price = None if lm.price is None else lm.price.times(discount)
        if name in self._prices and price is not None:
            self._prices[name] = price
        waiting = PrioritySemaphore(_MANY_REQUESTS)
        lm.runtime = replace(lm.runtime, semaphore=waiting, price=price, timeout=None)
        lm.max_retries = 0  # a failed request is in the next batch

    def __getitem__(self, name: str) -> Tier:
        """Return a tier.

        Raises:
            CopeError: when the team has no tier of this name.
        """
        if name not in self.tiers:
            raise unknown_tier_error(name, self.tiers)
        return self.tiers[name]

    def __deepcopy__(self, memo: dict[int, object]) -> "Team":
        return self  # optimizers copy programs, but the models are shared

    def __reduce__(self) -> tuple[Callable[[], "Team"], tuple[()]]:
        """Pickle the arguments. Keys and addresses come from the environment where it is loaded."""
        return partial(type(self), **self._arguments), ()

    def _tier(self, name: str, model: str | LocalEngine) -> Tier:
        concurrency = self._limits.get(name) or _default_concurrency(model)
        servers = None
        if isinstance(model, str):
            settings = EngineSettings(concurrency, self._context, self.weights_dir, self.timeout)
            engine = make_engine(model, settings)
            lm_name = shown_name = without_draft(with_one_host(model))
            if engine is not None:
                lm_name = engine.name or shown_name
            elif shown_name != model:
                servers = ServerPool(split_hosts(model)[1], self.timeout)
        else:
            engine = model
            lm_name = engine.name or f"{UNNAMED_PREFIX}/{type(engine).__name__}-{name}"
            shown_name = lm_name
        runtime = replace(self._runtime(name, engine, concurrency), servers=servers)
        if engine is None:
            lm = make_api_model(lm_name, name, runtime, self._settings, tier_key(name, self._keys))
        else:
            lm = TierLM(
                lm_name,
                tier=name,
                runtime=runtime,
                engine=engine,
                async_engine=AsyncEngineAdapter(engine),
                **self._settings,
            )
        return Tier(name, shown_name, lm, self._adapter, seeded=engine is not None)

    def _runtime(self, tier: str, engine: LocalEngine | None, concurrency: int) -> TierRuntime:
        scheduler = None
        machine_time = MachineTimeAccountant()
        if engine is not None:
            if engine.host in self._cpu_shared_hosts:
                scheduler = _host_schedulers.setdefault(engine.host, TierScheduler())
            if is_loopback(engine.host):
                machine_time = _machine_clock
        price = self._prices.get(tier)
        semaphore = PrioritySemaphore(concurrency)
        several = SeveralSamples(self._sampling)
        return TierRuntime(semaphore, scheduler, machine_time, price, self.timeout, several=several)


def _default_concurrency(model: str | LocalEngine) -> int:
    if isinstance(model, LocalEngine):
        return ENGINE_CONCURRENCY
    num_servers = 1 if with_one_host(model) == model else len(split_hosts(model)[1])
    return default_concurrency(model) * num_servers


def _find_cpu_shared_hosts(models: Iterable[str | LocalEngine]) -> set[str]:
    """Return the servers on this machine whose models compete for its CPU cores.

    These are servers of two or more of the models, on a machine without a GPU.
    """
    num_models: dict[str, int] = {}
    for model in {model for model in models if isinstance(model, str)}:
        factory = find_factory(model)
        host = factory.cpu_shared_host(model.partition("/")[2]) if factory else None
        if host:
            num_models[host] = num_models.get(host, 0) + 1
    shared = {host for host, count in num_models.items() if count > 1 and is_loopback(host)}
    return set() if has_gpu() else shared
