"""The language model of a tier: a `dspy.LM` that keeps to the tier's limits and writes to the meter."""

import asyncio
import contextvars
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.clients.model_metadata import model_info, rate

from .admission import current_admission_control
from .call import Call
from .concurrency import PrioritySemaphore, TierScheduler
from .engines.base import LocalEngine
from .engines.saved import with_current_paths
from .event_loop import run_sync
from .ledger import call_key, current_ledger
from .meter import MachineTimeAccountant, new_call, record_call
from .prices import Price


@dataclass(frozen=True)
class TierRuntime:
    """What the calls of one tier share: how many may be in flight, whose turn it is, the clock and the price."""

    semaphore: PrioritySemaphore = field(default_factory=lambda: PrioritySemaphore(16))
    scheduler: TierScheduler | None = None
    machine_time: MachineTimeAccountant = field(default_factory=MachineTimeAccountant)
    price: Price | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "TierRuntime":
        return self  # optimizers copy programs; the machine stays one

    def __reduce__(self) -> Any:
        """In another process the machine is free: the settings go there, what is in flight here does not."""
        return _rebuild_runtime, (
            self.semaphore.size,
            self.scheduler and self.scheduler.time_slice,
            self.price,
        )


def _rebuild_runtime(size: int, time_slice: float | None, price: Price | None) -> TierRuntime:
    return TierRuntime(
        PrioritySemaphore(size),
        None if time_slice is None else TierScheduler(time_slice),
        price=price,
    )


_current_call: contextvars.ContextVar[Call | None] = contextvars.ContextVar(
    "cope_call", default=None
)
_history_disabled: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "cope_no_history", default=False
)


def report_partial_usage(
    prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
) -> None:
    """For engines: what a cancelled request had used when it was stopped."""
    if call := _current_call.get():
        call.prompt_tokens, call.completion_tokens, call.cached_tokens = (
            prompt_tokens,
            completion_tokens,
            cached_tokens,
        )


class TierLM(dspy.LM):
    """A `dspy.LM` with a tier's name; everything else about it is DSPy's.

    Args:
        model: the name that DSPy or the engine knows.
        tier: the tier's name, under which the meter books the calls.
        runtime: limits, turns, clock and price; a private one when None.
    """

    def __init__(
        self, model: str, *, tier: str = "small", runtime: TierRuntime | None = None, **kwargs: Any
    ) -> None:
        super().__init__(model, **kwargs)
        self.tier = tier
        self.runtime = runtime or TierRuntime()

    def dump_state(self) -> dict[str, Any]:
        return {**super().dump_state(), "tier": self.tier}

    @classmethod
    def load_state(cls, state: dict[str, Any], *, allow_custom_lm_class: bool = False) -> Any:
        return super().load_state(
            with_current_paths(state), allow_custom_lm_class=allow_custom_lm_class
        )

    def __call__(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        return run_sync(self.acall(prompt, messages=messages, **kwargs))

    async def acall(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        kwargs = self._supported_kwargs(kwargs)
        if (
            count := kwargs.pop("n", None) or 1
        ) > 1:  # DSPy's engines ask as often, under one record
            first = count * (kwargs.pop("rollout_id", None) or 0)
            draws = (
                self.acall(prompt, messages=messages, **kwargs, rollout_id=first + i)
                for i in range(count)
            )
            return [output for outputs in await asyncio.gather(*draws) for output in outputs]
        call = new_call(self.tier, self.model)
        ledger = current_ledger()
        key = call_key(self.model, messages or prompt, {**self.kwargs, **kwargs}) if ledger else ""
        if ledger and (entry := ledger.get(key)):
            here = {
                "tier": call.tier,
                "round": call.round,
                "role": call.role,
                "sample": call.sample,
            }
            record_call(Call.from_dict({**entry["call"], **here, "restored": True}))
            return entry["outputs"]
        control = current_admission_control()
        if control:
            control.before_call()
        token = _current_call.set(call)
        try:
            outputs = await self._timed_call(call, prompt, messages, kwargs)
        except Exception as error:
            if control:
                control.on_error(call, error)
            raise
        except asyncio.CancelledError:
            call.cancelled = True
            if call.seconds:  # it had left the queue
                record_call(call)
                if ledger:
                    ledger.add_cancelled(call.as_dict())
            raise
        finally:
            _current_call.reset(token)
            if control:
                control.after_call(call)
        record_call(call)
        if ledger:
            ledger.put(key, {"call": call.as_dict(), "outputs": _plain_outputs(outputs)})
        return outputs

    async def _timed_call(
        self, call: Call, prompt: Any, messages: Any, kwargs: dict[str, Any]
    ) -> Any:
        runtime = self.runtime
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(runtime.semaphore)
            if runtime.scheduler:
                await stack.enter_async_context(runtime.scheduler.turn(self.tier))
            if (
                dspy.settings.disable_history
            ):  # the meter reads what DSPy would note there, and goes no further
                stack.enter_context(dspy.context(disable_history=False))
                stack.callback(_history_disabled.reset, _history_disabled.set(True))
            started, share, failed = (
                time.perf_counter(),
                runtime.machine_time.start(self.model),
                False,
            )
            try:
                return await self._send(prompt, messages, kwargs)
            except Exception:
                failed = True
                raise
            finally:
                call.machine_seconds = runtime.machine_time.stop(share, self.model)
                call.seconds = time.perf_counter() - started
                if call.cache_hit:
                    call.seconds = call.machine_seconds = 0.0
                elif (
                    failed and call.usd is None
                ):  # nobody bills tokens for it; an hourly price charges its time
                    call.usd = self.price_of(*_tokens(call)[:2], call.machine_seconds)
                elif price := runtime.price:
                    # What a cancelled call used is known as far as its engine told, and an API does not tell.
                    told = call.prompt_tokens or not price.is_per_token
                    call.usd = price.cost(*_tokens(call), call.machine_seconds) if told else None

    async def _send(self, prompt: Any, messages: Any, kwargs: dict[str, Any]) -> Any:
        """Ask the model in DSPy's own way."""
        return await super().acall(prompt, messages=messages, **kwargs)

    def _keep_history(self, entry: dict[str, Any]) -> None:
        """Note a finished call in DSPy's history."""
        super().update_history(entry)

    def price_of(
        self, prompt_tokens: int, completion_tokens: int, machine_seconds: float
    ) -> float | None:
        """What a call like this would cost in USD: by the user's price, else an API's by DSPy's table; None when unknown."""
        if price := self.runtime.price:
            return price.cost(prompt_tokens, completion_tokens, 0, machine_seconds)
        if isinstance(getattr(self, "engine", None), LocalEngine):
            return None
        provider, _, model = self.model.partition("/")
        info = model_info(provider, model)
        rates = rate(info, "input_cost_per_token"), rate(info, "output_cost_per_token")
        if rates[0] is None or rates[1] is None:
            return None
        return prompt_tokens * rates[0] + completion_tokens * rates[1]

    def _supported_kwargs(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Leave out what the model refuses; a greedy call has no rollouts."""
        kwargs = dict(kwargs)
        if (
            "max_completion_tokens" in self.kwargs
        ):  # a reasoning model, whose thoughts count as completion
            for name in ("temperature", "max_tokens", "stop"):
                kwargs.pop(name, None)
        elif kwargs.get("temperature") == 0:
            kwargs.pop("rollout_id", None)
        return kwargs

    def update_history(self, entry: dict[str, Any]) -> None:
        """DSPy reports every finished call here, in the caller's context, with usage, cost and the response."""
        if not _history_disabled.get():
            self._keep_history(entry)
        call = _current_call.get()
        if call is None:
            return
        usage = entry.get("usage") or {}
        response = entry.get("response")
        call.cache_hit = not usage and _is_cached_response(response)
        call.truncated = getattr(response, "finish_reason", None) == "length"
        if call.cache_hit:
            call.usd = 0.0
            return
        call.prompt_tokens = usage.get("prompt_tokens") or 0
        call.completion_tokens = usage.get("completion_tokens") or 0
        call.cached_tokens = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        call.usd = entry.get("cost")
        call.logprob = _logprob(entry.get("outputs"))


def _is_cached_response(response: Any) -> bool:
    """Whether a response comes from DSPy's cache: LiteLLM's is marked, DSPy's own keeps the tokens it was made with."""
    usage = getattr(response, "usage", None)
    made_with = getattr(usage, "input_tokens", None) or getattr(usage, "output_tokens", None)
    return bool(made_with or getattr(response, "cache_hit", False))


def _tokens(call: Call) -> tuple[int, int, int]:
    return call.prompt_tokens, call.completion_tokens, call.cached_tokens


def _plain_outputs(outputs: list[Any]) -> list[Any]:
    """Outputs as JSON; of log-probabilities the call keeps the sum, for every token's would fill the disk."""
    return [
        {k: v for k, v in o.items() if k != "logprobs"} if isinstance(o, dict) else o
        for o in outputs
    ]


def _logprob(outputs: list[Any] | None) -> float | None:
    """The sum of a reply's log-probabilities; None when the engine gave none."""
    first = outputs[0] if outputs else None
    given = first.get("logprobs") if isinstance(first, dict) else None
    tokens = getattr(given, "content", None)
    return sum(token.logprob for token in tokens) if tokens else None
