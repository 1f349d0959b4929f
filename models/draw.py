"""Draw several samples of one prompt by one request, where the server takes their number as `n`.

Each sample stays a call of its own: with its key in ledgers and caches, its record, its price and
its entry in DSPy's history. Only the request is shared. The first sample that asks makes the
request for all of them, and the others wait for it. A sample without a completion, because the
server gave too few, makes its own request.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

from ..errors import first_line
from ..util.json_types import JsonObject
from .attempts import FailedAttempts
from .call import Call
from .called_model import CalledModel
from .current_call import current_call
from .direct import is_unobserved
from .drawn import Drawn, draw_at_once
from .engines.base import LocalEngine
from .exchange import make_exchange
from .ledger import call_key, current_ledger, stored_call
from .meter import new_call, record_call
from .sampling_mode import REQUESTS, refuses_several
from .scope import in_scope, using


def can_draw(lm: Any) -> bool:
    """Return whether several samples of a prompt may be drawn by one request.

    A callback or a stream of DSPy's listens to each call, and a batch of requests has one for each.
    """
    several, engine = lm.runtime.several, lm.engine
    if several.sampling == REQUESTS or not several.is_taken:
        return False
    if isinstance(engine, LocalEngine) and not engine.takes_several:
        return False
    return lm.model_type == "chat" and in_scope("transport") is None and is_unobserved(lm)


class Draw:
    """The samples of one prompt that one request draws.

    Args:
        own: by sample, the settings that only it has.
    """

    def __init__(self, own: Mapping[int, JsonObject]) -> None:
        self._own = dict(own)
        self._untaken = set(own) if len(own) > 1 else set()
        self._prompt = ""
        self._request: _Request | None = None
        self._work: asyncio.Task[dict[int, Drawn]] | None = None

    async def take(
        self, lm: CalledModel, call: Call, messages: Any, kwargs: JsonObject
    ) -> list[Any] | None:
        """Return the outputs of a sample; None when it has to make its own request.

        Args:
            lm: the language model.
            call: the sample's call, which is the current one, and gets its usage and its price.
            messages: the prompt, which all samples share.
            kwargs: the settings of the call.

        Raises:
            Exception: what the request raises.
        """
        sample = call.sample
        if sample is None or sample not in self._untaken:
            return None
        shared = {name: value for name, value in kwargs.items() if name not in self._own[sample]}
        prompt = json.dumps([messages, shared], default=repr)
        if self._work is None:
            self._prompt = prompt
            self._request = _Request(lm, messages, shared, self._own)
            self._work = asyncio.create_task(self._request.make())
        if prompt != self._prompt:
            return None
        drawn = (await asyncio.shield(self._work)).get(sample)
        self._untaken.discard(sample)
        return None if drawn is None else drawn.deliver(lm, call)

    async def close(self) -> None:
        """End the request, and count the samples that nobody took, which were paid for."""
        if self._work is None or self._request is None:
            return
        self._work.cancel()
        (result,) = await asyncio.gather(self._work, return_exceptions=True)
        if isinstance(result, BaseException):
            return
        for sample, drawn in result.items():
            if sample in self._untaken and not drawn.result.cache_hit:
                self._request.count_untaken(sample, drawn)


class _Request:
    """The request of a draw."""

    def __init__(
        self, lm: CalledModel, messages: Any, shared: JsonObject, own: Mapping[int, JsonObject]
    ) -> None:
        self._lm, self._messages, self._shared, self._own = lm, messages, shared, own
        self._call = new_call(lm.tier, lm.model)

    async def make(self) -> dict[int, Drawn]:
        """Make the request for the samples that no ledger has, and return what came."""
        lm, call = self._lm, self._call
        settings = self._missing()
        if len(settings) < 2:
            return {}
        drawn: dict[int, Drawn] = {}
        reported = FailedAttempts()

        async def send(prompt: str | None, messages: Any, kwargs: JsonObject) -> list[Any]:
            call.prompt_tokens = call.completion_tokens = None  # until they are reported
            drawn.update(await draw_at_once(lm, messages, settings))
            reported.take_counts(call)
            return []

        kwargs = self._shared | {"n": len(settings)}
        token = current_call.set(call)
        try:
            await lm.attempt_repeatedly(call, None, self._messages, kwargs, send)
        except asyncio.CancelledError:
            if call.seconds:  # the engine had started it
                self._record_cancelled(call)
            raise
        except Exception as error:
            if not refuses_several(error):
                raise
            lm.runtime.several.refuse(
                lm.tier, f"its server does not take {len(settings)} samples ({first_line(error)})"
            )
        finally:
            current_call.reset(token)
        self._divide(drawn, reported)
        return drawn

    def _missing(self) -> dict[int, JsonObject]:
        """Return the settings of the samples that the ledger of the context does not have.

        They get the completions by their indices. So the lowest one counts the prompt, which a
        replay with fewer samples has too.
        """
        ledger, lm = current_ledger(), self._lm
        missing: dict[int, JsonObject] = {}
        for sample, own in sorted(self._own.items()):
            arguments = self._shared | own
            if ledger is not None:
                settings = lm.kwargs | arguments
                key = call_key(lm.model, self._messages, settings)
                if stored_call(ledger, key, lm.model, self._messages, settings):
                    continue
            missing[sample] = arguments
        return missing

    def _divide(self, drawn: Mapping[int, Drawn], reported: FailedAttempts) -> None:
        """Divide the time of the request, and give the first sample what failed attempts used.

        Args:
            drawn: what came.
            reported: the tokens of the attempt that succeeded.
        """
        lead = self._call
        fresh = [one for one in drawn.values() if not one.result.cache_hit]
        for one in fresh:
            one.seconds = lead.seconds or 0.0
            one.machine_seconds = (lead.machine_seconds or 0.0) / len(fresh)
            if one.is_first:
                one.failed.prompt_tokens = (lead.prompt_tokens or 0) - reported.prompt_tokens
                one.failed.completion_tokens = (
                    lead.completion_tokens or 0
                ) - reported.completion_tokens

    def count_untaken(self, sample: int, drawn: Drawn) -> None:
        """Record the call of a sample that was drawn and no longer needed."""
        lead = self._call
        call = Call(lead.tier, lead.model, lead.round, lead.role, sample)
        drawn.count_as_cancelled(self._lm, call)
        self._record_cancelled(call)

    def _record_cancelled(self, call: Call) -> None:
        call.exchange = make_exchange(self._messages, self._lm.kwargs | self._shared, [])
        record_call(call)
        ledger = current_ledger()
        if ledger is not None:
            ledger.add_cancelled(call.as_dict())


_draw: ContextVar[Draw | None] = ContextVar("cope_draw", default=None)


def use_draw(draw: Draw | None) -> AbstractContextManager[None]:
    """Let calls inside take their replies from a draw; None lets each make its own request."""
    return using(_draw, draw)


def current_draw() -> Draw | None:
    """Return the draw of the current context; None without one."""
    return _draw.get()
