"""The language model of a tier: a `dspy.LM` with the tier's limits, which reports to the meter."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

import dspy

from ..util.json_types import JsonObject
from .admit import admit_call
from .api_prices import table_price
from .api_transport import ApiEngines
from .attempts import FailedAttempts, explain_error, set_price
from .call import Call
from .call_arguments import keyed_by_address, supported_arguments
from .call_cache import recall_call, remember_call, restore_cached_call
from .call_price import bound_cancelled_call
from .call_usage import fill_call, record_restored
from .current_call import current_call, report_partial_usage as report_partial_usage
from .direct import call_directly, is_unobserved
from .draw import can_draw, current_draw
from .engines.base import LocalEngine
from .engines.saved import with_current_paths
from .event_loop import run_sync
from .exchange import make_exchange
from .history import history_is_kept
from .hosts import cache_address
from .ledger import call_key, current_ledger, stored_call
from .meter import new_call, record_call
from .outputs import clean_outputs, plain_outputs
from .prices import Price
from .replies import check_outputs, finish_reason, is_rejected
from .reply_text import begin_reply
from .retries import retry_pause
from .runtime import TierRuntime
from .server_waits import SERVER_WAITS
from .timed_attempt import timed_attempt
from .token_report import token_report

Messages = list[JsonObject]
"""Chat messages with role and content."""

Send = Callable[[str | None, Messages | None, JsonObject], Awaitable[list[Any]]]
"""Makes a request once, from the prompt or the messages, and the settings."""

_finish_reason: ContextVar[str | None] = ContextVar("cope_finish_reason", default=None)


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
        # DSPy would pause in the tier's place, so `attempt_repeatedly` makes further attempts.
        self.max_retries, self.num_retries = self.num_retries, 0
        self._engine_store = ApiEngines(self.runtime.timeout, self.runtime.servers)
        # A greedy call has no rollouts of the caller's, see `supported_arguments`.
        self._warned_zero_temp_rollout = True

    def dump_state(self) -> JsonObject:
        return super().dump_state() | {"tier": self.tier, "num_retries": self.max_retries}

    def __setstate__(self, state: JsonObject) -> None:
        super().__setstate__(state)
        self._engine_store = ApiEngines(self.runtime.timeout, self.runtime.servers)

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
        kwargs = supported_arguments(kwargs, self.kwargs)
        count = kwargs.pop("n", None) or 1
        if count > 1:
            return await self._acall_repeatedly(count, prompt, messages, kwargs)
        call = new_call(self.tier, self.model)
        ledger = current_ledger()
        use_cache = kwargs.get("cache", self.cache)
        sent, settings = messages or prompt, self.kwargs | kwargs
        key = call_key(self.model, sent, settings) if ledger or use_cache else ""
        if ledger:
            entry = stored_call(ledger, key, self.model, sent, settings)
            if entry:
                call.exchange = make_exchange(sent, settings, entry["outputs"])
                ledger.restored(key, call.exchange)
                record_restored(call, entry["call"], self.runtime.price)
                return entry["outputs"]
        admission = await admit_call(call, self, sent, settings)
        token = current_call.set(call)
        try:
            outputs = clean_outputs(await self._outputs(call, prompt, messages, kwargs))
        except Exception as error:
            admission.on_error(error)
            raise
        except asyncio.CancelledError:
            if call.seconds:  # the engine had started it
                call.exchange = make_exchange(sent, settings, [])
                record_call(call)
                if ledger:
                    ledger.add_cancelled(call.as_dict())
            raise
        finally:
            current_call.reset(token)
            admission.end()
        if call.cache_hit:
            restore_cached_call(call, recall_call(key), self.runtime.price)
        call.exchange = make_exchange(sent, settings, outputs)
        record_call(call)
        self.runtime.several.add_call(call)
        if ledger:
            entry = {"call": call.as_dict(), "outputs": plain_outputs(outputs)}
            ledger.put(key, entry, call.exchange)
        if use_cache and not call.cache_hit:
            remember_call(key, call)
        admission.check_cost()
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

    async def _outputs(
        self, call: Call, prompt: str | None, messages: Messages | None, kwargs: dict[str, Any]
    ) -> Any:
        """Take a reply from the draw of the context, else make the call's own request."""
        draw = current_draw()
        if draw is not None and messages and can_draw(self):
            outputs = await draw.take(self, call, messages, kwargs)
            if outputs is not None:
                return outputs
        return await self.attempt_repeatedly(call, prompt, messages, kwargs)

    async def attempt_repeatedly(
        self,
        call: Call,
        prompt: str | None,
        messages: Messages | None,
        kwargs: dict[str, Any],
        send: Send | None = None,
    ) -> Any:
        """Make a request, again where its failure may pass, and set its call's price.

        The tier's place is free during the pauses.

        Args:
            call: the call, which is the current one.
            prompt: a text; None when there are messages.
            messages: chat messages.
            kwargs: the settings of the request.
            send: makes the request once; None makes it as DSPy does.
        """
        send = send or self._send
        failures = FailedAttempts()
        failed = True
        try:
            for attempt in itertools.count(1):
                begin_reply()
                try:
                    once = partial(send, prompt, messages, kwargs)
                    outputs = await timed_attempt(call, self, once)
                    failed = False
                    return outputs
                except Exception as error:
                    pause = self._pause_after(error, attempt)
                    if is_rejected(error):
                        kwargs = kwargs | {"cache": False}  # the cache may hold this reply
                failures.take_from(call)
                with SERVER_WAITS.pause(self.tier, pause):
                    await asyncio.sleep(pause)
        except asyncio.CancelledError:
            call.cancelled = True
            raise
        finally:
            if call.cancelled:
                bound_cancelled_call(call, self, messages or prompt, self.kwargs | kwargs)
            else:
                set_price(call, self, failed)
            failures.add_to(call, self)

    def _pause_after(self, error: Exception, attempt: int) -> float:
        """Return the seconds before another attempt.

        Args:
            error: why the last attempt failed.
            attempt: attempts so far, from 1.

        Raises:
            Exception: what the error means, when there is no other attempt.
        """
        cause = explain_error(error, self)
        pause = retry_pause(cause, attempt) if attempt <= self.max_retries else None
        if pause is not None:
            return pause
        if cause is error:
            raise error
        raise cause from error

    @property
    def asks_server(self) -> bool:
        """Whether requests go to a server, not to an engine in this process."""
        return not isinstance(self.engine, LocalEngine) or self.engine.host is not None

    async def _send(
        self, prompt: str | None, messages: Messages | None, kwargs: JsonObject
    ) -> list[Any]:
        """Make the request once, as DSPy does.

        Raises:
            BadReply: for a reply that is no answer.
        """
        call = current_call.get() or Call()
        call.prompt_tokens = call.completion_tokens = None  # until they are reported
        address = cache_address(self.model, self.kwargs.get("api_base"))
        if address is not None:
            kwargs = keyed_by_address(address, kwargs, self.kwargs)
        try:
            outputs = None
            if is_unobserved(self):
                kept = self.runtime.kept_requests
                outputs = await call_directly(self, kept, prompt, messages, kwargs)
            if outputs is None:
                outputs = await super().acall(prompt, messages=messages, **kwargs)
        except Exception:
            call.prompt_tokens = call.prompt_tokens or 0
            call.completion_tokens = call.completion_tokens or 0
            raise
        self.runtime.prompt_tokens.remember(messages or prompt, call.prompt_tokens)
        if not isinstance(self.engine, LocalEngine):
            check_outputs(outputs, _finish_reason.get(), self.model)
        return outputs

    def _keep_history(self, entry: JsonObject) -> None:
        """Add a finished call to DSPy's history."""
        super().update_history(entry)

    def price_of(
        self, prompt_tokens: int, completion_tokens: int, machine_seconds: float
    ) -> float | None:
        """Return the cost of such a call in USD; None when it is not known."""
        price = self.price
        if price is None:
            return None
        return price.cost(prompt_tokens, completion_tokens, 0, machine_seconds)

    @property
    def price(self) -> Price | None:
        """The user's price, else that of an API in DSPy's table; None when it is not known."""
        if self.runtime.price or isinstance(getattr(self, "engine", None), LocalEngine):
            return self.runtime.price
        return table_price(self.model)

    def update_history(self, entry: JsonObject) -> None:
        """Copy the usage of a finished call to its `Call`.

        DSPy calls this in the caller's context, with usage, cost and the response.
        """
        if history_is_kept():
            self._keep_history(entry)
        _finish_reason.set(finish_reason(entry.get("response")))
        report = token_report()
        if report is not None:
            report.take(entry.get("outputs"))
        call = current_call.get()
        if call is not None:
            fill_call(call, entry, from_server=not isinstance(self.engine, LocalEngine))
