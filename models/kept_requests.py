"""Requests that were prepared for one sample, kept for the next samples of the same prompt."""

import asyncio
import json
import weakref
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import dspy
from dspy.clients.execution import PreparedCall
from dspy.lm15 import Request

KEPT = 256
"""How many requests are kept for an event loop; more than the prompts in flight."""

_OWN_OF_A_SAMPLE = ("seed", "rollout_id")
"""Settings in which the samples of a round differ. The second one is never sent."""


@dataclass(frozen=True)
class KeptRequest:
    """A request that is ready to be sent.

    Attributes:
        backend: has `complete(request)`: an engine, or a provider's client of DSPy's.
        routed: the request for the backend.
        provider: the provider as DSPy names it; None for an engine.
        given: the request before DSPy routed it; None where it is the same.
    """

    backend: Any
    routed: Request
    provider: str | None
    given: Request | None = None

    @property
    def canonical(self) -> Request:
        """The request as DSPy's history and prices see it."""
        return self.given or self.routed

    def for_call(self, call: PreparedCall) -> "KeptRequest":
        """Return the request with the seed of a call."""
        seed = call.legacy.get("seed")
        if seed == self.routed.config.seed:
            return self
        routed = replace(self.routed, config=replace(self.routed.config, seed=seed))
        given = self.given and replace(self.given, config=routed.config)
        return replace(self, routed=routed, given=given)


def request_key(call: PreparedCall) -> str | None:
    """Return a text that is equal for calls whose requests differ in the seed only.

    None for a call whose settings are not JSON, such as a class for the reply's format.
    """
    settings = {}
    for name, value in call.legacy.items():
        if name not in _OWN_OF_A_SAMPLE:
            settings[name] = value
    settings["seeded"] = call.legacy.get("seed") is not None
    try:
        return json.dumps(settings)
    except TypeError:
        return None


class KeptRequests:
    """The requests of a tier, by event loop, because connections belong to one."""

    def __init__(self) -> None:
        self._by_loop: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, OrderedDict[tuple[object, ...], KeptRequest]
        ] = weakref.WeakKeyDictionary()

    def get(self, lm: dspy.LM, key: str) -> KeptRequest | None:
        """Return the request of an earlier call; None without one."""
        return self._requests().get(_full_key(lm, key))

    def put(self, lm: dspy.LM, key: str, request: KeptRequest) -> None:
        """Keep a request, and drop the oldest one when there are too many."""
        requests, full = self._requests(), _full_key(lm, key)
        requests[full] = request
        requests.move_to_end(full)
        if len(requests) > KEPT:
            requests.popitem(last=False)

    def _requests(self) -> OrderedDict[tuple[object, ...], KeptRequest]:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop[loop] = OrderedDict()
        return self._by_loop[loop]


def _full_key(lm: dspy.LM, key: str) -> tuple[object, ...]:
    # A copy of a language model may have another engine.
    return lm.model, lm.model_type, id(lm._engine_spec), id(lm._async_engine_spec), key
