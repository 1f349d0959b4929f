"""The language model of a tier: a `dspy.LM` with the tier's limits, which reports to the meter."""

import asyncio
import contextvars
import time
from contextlib import AsyncExitStack
from typing import Any

import dspy
from dspy.clients.model_metadata import model_info, rate

from ..util.json_types import JsonObject
from .admission import current_admission_control
from .call import Call
from .engines.base import LocalEngine
from .engines.saved import with_current_paths
from .event_loop import run_sync
from .ledger import call_key, current_ledger
from .meter import new_call, record_call
from .outputs import (
    clean_outputs,
    is_cached_response,
    is_empty,
    lowest_window,
    plain_outputs,
    token_logprobs,
)
from .runtime import TierRuntime

Messages = list[JsonObject]
"""Chat messages with role and content."""

_EMPTY_REPLY_PAUSES = (0.5, 2.0)
"""Seconds before each further attempt after a reply without content."""

_current_call: contextvars.ContextVar[Call | None] = contextvars.ContextVar(
    "cope_call", default=None
)
_history_disabled: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "cope_no_history", default=False
)


def report_partial_usage(
    prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
) -> None:
    """Report, from an engine, the tokens that a cancelled request had used when it was stopped."""
    call = _current_call.get()
    if call:
        call.prompt_tokens = prompt_tokens
        call.completion_tokens = completion_tokens
        call.cached_tokens = cached_tokens


class TierLM(dspy.LM):
    """A `dspy.LM` with a tier's name, limits and price. Everything else is DSPy's.

    Args:
        model: the name that DSPy or the engine knows.
        tier: the tier's name, under which the meter counts the calls.
        runtime: limits, scheduler, accountant and price; one of its own when None.
        **kwargs: arguments of `dspy.LM`.
    """

    def __init__(
        self, model: str, *, tier: str = "small", runtime: TierRuntime | None = None, **kwargs: Any
    ) -> None:
        super().__init__(model, **kwargs)
        self.tier = tier
        self.runtime = runtime or TierRuntime()

    def dump_state(self) -> JsonObject:
        return super().dump_state() | {"tier": self.tier}

    @classmethod
    def load_state(cls, state: JsonObject, *, allow_custom_lm_class: bool = False) -> Any:
        return super().load_state(
            with_current_paths(state), allow_custom_lm_class=allow_custom_lm_class
        )

    def __call__(
        self, prompt: str | None = None, *, messages: Messages | None = None, **kwargs: Any
    ) -> Any:
        return run_sync(self.acall(prompt, messages=messages, **kwargs))

    async def acall(
        self, prompt: str | None = None, *, messages: Messages | None = None, **kwargs: Any
    ) -> Any:
        kwargs = self._supported_kwargs(kwargs)
        count = kwargs.pop("n", None) or 1
        if count > 1:
            return await self._acall_repeatedly(count, prompt, messages, kwargs)
        call = new_call(self.tier, self.model)
        ledger = current_ledger()
        key = ""
        if ledger:
            key = call_key(self.model, messages or prompt, self.kwargs | kwargs)
            entry = ledger.get(key)
            if entry:
                _record_restored(call, entry["call"])
                return entry["outputs"]
        control = current_admission_control()
        if control:
            control.before_call()
        token = _current_call.set(call)
        try:
            outputs = clean_outputs(await self._timed_call(call, prompt, messages, kwargs))
        except Exception as error:
            if control:
                control.on_error(call, error)
            raise
        except asyncio.CancelledError:
            call.cancelled = True
            if call.seconds:  # the engine had started it
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
            ledger.put(key, {"call": call.as_dict(), "outputs": plain_outputs(outputs)})
        return outputs

    async def _acall_repeatedly(
        self, count: int, prompt: str | None, messages: Messages | None, kwargs: dict[str, Any]
    ) -> list[Any]:
        """Make `count` calls, each with its own record; DSPy would make them under one record."""
        first = count * (kwargs.pop("rollout_id", None) or 0)
        calls = [
            self.acall(prompt, messages=messages, **kwargs, rollout_id=first + i)
            for i in range(count)
        ]
        outputs: list[Any] = []
        for part in await asyncio.gather(*calls):
            outputs += part
        return outputs

    async def _timed_call(
        self, call: Call, prompt: str | None, messages: Messages | None, kwargs: dict[str, Any]
    ) -> Any:
        """Wait for the tier's turn, make the call, and set its times and its price."""
        runtime = self.runtime
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(runtime.semaphore)
            if runtime.scheduler:
                await stack.enter_async_context(runtime.scheduler.turn(self.tier))
            if dspy.settings.disable_history:
                # DSPy reports the call's usage by `update_history`, which must be called.
                stack.enter_context(dspy.context(disable_history=False))
                stack.callback(_history_disabled.reset, _history_disabled.set(True))
            started = time.perf_counter()
            share = runtime.machine_time.start(self.model)
            failed = False
            try:
                return await self._send(prompt, messages, kwargs)
            except Exception:
                failed = True
                raise
            finally:
                call.machine_seconds = runtime.machine_time.stop(share, self.model)
                call.seconds = time.perf_counter() - started
                self._set_price(call, failed)

    def _set_price(self, call: Call, failed: bool) -> None:
        price = self.runtime.price
        if call.cache_hit:
            call.seconds = call.machine_seconds = 0.0
        elif failed and call.usd is None:
            # No provider bills tokens of a failed call; an hourly price charges its time.
            call.usd = self.price_of(
                call.prompt_tokens or 0, call.completion_tokens or 0, call.machine_seconds
            )
        elif price:
            # An engine reports the tokens of a cancelled call, an API does not.
            known = call.prompt_tokens or not price.is_per_token
            call.usd = None
            if known:
                call.usd = price.cost(
                    call.prompt_tokens or 0,
                    call.completion_tokens or 0,
                    call.cached_tokens,
                    call.machine_seconds,
                )

    async def _send(
        self, prompt: str | None, messages: Messages | None, kwargs: JsonObject
    ) -> list[Any]:
        """Call the model as DSPy does. A reply of an API without content is a failure, and retried.

        Servers that fail give such replies: a redirect, no choices, content that is null or no
        text. As an answer they would count as wrong.

        Raises:
            dspy.LMServerError: when no attempt has content.
        """
        for pause in (*_EMPTY_REPLY_PAUSES, None):
            outputs = await super().acall(prompt, messages=messages, **kwargs)
            call = _current_call.get()
            was_cut = call is not None and call.truncated
            if was_cut or isinstance(self.engine, LocalEngine) or not is_empty(outputs):
                return outputs
            if pause is not None:
                await asyncio.sleep(pause)
            kwargs = kwargs | {"cache": False}  # the cache may hold the empty reply
        raise dspy.LMServerError("the reply has no content", model=self.model)

    def _keep_history(self, entry: JsonObject) -> None:
        """Add a finished call to DSPy's history."""
        super().update_history(entry)

    def price_of(
        self, prompt_tokens: int, completion_tokens: int, machine_seconds: float
    ) -> float | None:
        """Return the cost of such a call in USD; None when it is not known.

        The price is the user's, else that of an API in DSPy's table.
        """
        price = self.runtime.price
        if price:
            return price.cost(prompt_tokens, completion_tokens, 0, machine_seconds)
        if isinstance(getattr(self, "engine", None), LocalEngine):
            return None
        provider, _, model = self.model.partition("/")
        info = model_info(provider, model)
        input_rate = rate(info, "input_cost_per_token")
        output_rate = rate(info, "output_cost_per_token")
        if input_rate is None or output_rate is None:
            return None
        return prompt_tokens * input_rate + completion_tokens * output_rate

    def _supported_kwargs(self, kwargs: dict[str, Any]) -> JsonObject:
        """Return the arguments that the model accepts. A greedy call has no rollouts."""
        kwargs = dict(kwargs)
        if "max_completion_tokens" in self.kwargs:
            # A reasoning model, whose reasoning counts as completion.
            for name in ("temperature", "max_tokens", "stop"):
                kwargs.pop(name, None)
        elif kwargs.get("temperature") == 0:
            kwargs.pop("rollout_id", None)
        return kwargs

    def update_history(self, entry: JsonObject) -> None:
        """Copy the usage of a finished call to its `Call`.

        DSPy calls this in the caller's context, with usage, cost and the response.
        """
        if not _history_disabled.get():
            self._keep_history(entry)
        call = _current_call.get()
        if call is None:
            return
        usage = entry.get("usage") or {}
        response = entry.get("response")
        call.cache_hit = not usage and is_cached_response(response)
        call.truncated = getattr(response, "finish_reason", None) == "length"
        _set_logprobs(call, token_logprobs(entry.get("outputs")))
        if call.cache_hit:
            call.usd = 0.0
            return
        # A server that reports no usage leaves it unknown, which is not zero.
        call.prompt_tokens = usage.get("prompt_tokens")
        call.completion_tokens = usage.get("completion_tokens")
        call.cached_tokens = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        call.usd = entry.get("cost")


def _set_logprobs(call: Call, logprobs: list[float]) -> None:
    if logprobs:
        call.logprob = sum(logprobs)
        call.logprob_tokens = len(logprobs)
        call.logprob_window = lowest_window(logprobs)


def _record_restored(call: Call, saved: JsonObject) -> None:
    """Record a call of the ledger under the labels of the call that it answers."""
    restored = Call.from_dict(saved)
    restored.tier, restored.round = call.tier, call.round
    restored.role, restored.sample = call.role, call.sample
    restored.from_ledger = True
    record_call(restored)
