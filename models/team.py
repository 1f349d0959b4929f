"""The team: named tiers of language models, looked up at call time."""

import os
import platform
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dspy

from ..errors import CopeError
from .adapter import adapter_by_name
from .concurrency import Limit, Turns
from .engines.base import LocalEngine
from .hosts import default_host, on_this_machine, split_host
from .lm import Runtime, TierLM
from .meter import MachineClock
from .prices import Price

# LiteLLM must not fetch its price table where there may be no network; the one in the package serves.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

DEFAULT_SMALL = "local/qwen2.5-coder-0.5b"
DEFAULT_LARGE = "local/qwen2.5-coder-1.5b"

ASKED = ("adapter", "max_tokens", "context")
"""Options of a team that change what a prompt looks like, or what fits: prompts are compiled, and answers recorded, under one
value of each."""

# One machine's tiers share its clock, and its cores where a server per model would fight for them.
_machine = MachineClock()
_turns: dict[str, Turns] = {}


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
    def context_tokens(self) -> int | None:
        """Tokens that a request may have, prompt and completion; None where the model's server knows."""
        return getattr(getattr(self.lm, "engine", None), "context", None)

    def weights_digest(self) -> str | None:
        """A digest of the weights behind the name, as `KIND:HEX`; None where it is not known, as with an API."""
        engine = getattr(self.lm, "engine", None)
        return engine.weights_digest() if isinstance(engine, LocalEngine) else None

    def context(self, **more: Any) -> Any:
        """DSPy's context in which predictors run on this tier, with more of its settings where they are given."""
        return dspy.context(lm=self.lm, adapter=self.adapter, **more)


class Team:
    """Tiers by name.

    A tier is given as a string: `local/NAME` or `local/PATH.gguf` (embedded llama.cpp), `ollama/NAME` with an optional
    `@http://host:port`, or any name that DSPy and LiteLLM know, with an optional `@http://host:port/v1` for an
    OpenAI-compatible server; or as an engine object.

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
        **tiers: "str | LocalEngine",
    ) -> None:
        wanted = {"small": small, "large": large, **tiers}
        self._asked = {
            **wanted,
            "prices": prices,
            "limits": limits,
            "adapter": adapter,
            "cache": cache,
            "context": context,
            "max_tokens": max_tokens,
        }
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
        self._share_cores = _sharing_servers(wanted.values())
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
        return partial(type(self), **self._asked), ()

    def _tier(self, name: str, model: "str | LocalEngine") -> Tier:
        in_flight = self._limits.get(name) or _in_flight(model)
        engine = _engine(model, in_flight, self._context)
        lm_name = (
            str(model)
            if engine is None
            else engine.name or f"engine/{type(engine).__name__}-{name}"
        )
        local = engine is not None
        host = getattr(engine, "host", None)
        runtime = Runtime(
            limit=Limit(in_flight),
            turns=_turns.setdefault(host, Turns()) if host and host in self._share_cores else None,
            clock=_machine if local and on_this_machine(host) else MachineClock(),
            price=self._prices.get(name),
        )
        if engine is not None:
            lm = TierLM(
                lm_name,
                tier=name,
                runtime=runtime,
                engine=engine,
                async_engine=engine.twin,
                **self._settings,
            )
        else:
            lm = _api_model(lm_name, name, runtime, self._settings)
        return Tier(
            name, model if isinstance(model, str) else lm_name, lm, self._adapter, seeded=local
        )


def _in_flight(model: "str | LocalEngine") -> int:
    """How many requests of a model are in flight by default: what its engine can make good use of."""
    if isinstance(model, LocalEngine) or model.startswith("ollama/"):
        return 8
    if model.startswith("local/"):
        from .engines.embedded import default_slots

        return default_slots(model.removeprefix("local/"))
    return 16


def _engine(model: "str | LocalEngine", slots: int, context: int) -> LocalEngine | None:
    """The engine for a model's name, None for an API."""
    if isinstance(model, LocalEngine):
        return model
    kind, _, rest = model.partition("/")
    if not rest:
        raise CopeError(
            f"model {model!r} needs a provider in front, as in ollama/{model}, local/{model} or openai/{model}"
        )
    if kind == "local":
        from .engines.embedded import EmbeddedEngine

        return EmbeddedEngine(rest, slots=slots, context=context)
    if kind == "ollama":
        from .engines.ollama import OllamaEngine

        name, host = split_host(rest)
        return OllamaEngine(name, host, context=context)
    return None


def _api_model(model: str, tier: str, runtime: Runtime, settings: dict[str, Any]) -> TierLM:
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


def _sharing_servers(models: Any) -> set[str]:
    """The Ollama servers on this machine that serve two or more of the models from the same CPU cores."""
    names = [
        m.removeprefix("ollama/") for m in models if isinstance(m, str) and m.startswith("ollama/")
    ]
    hosts = {}
    for name, host in map(split_host, dict.fromkeys(names)):
        hosts.setdefault(host or default_host(), []).append(name)
    return {
        host
        for host, served in hosts.items()
        if len(served) > 1 and on_this_machine(host) and not has_gpu()
    }
