"""One request for several samples of a prompt, and what each sample gets of its reply."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import dspy
from dspy.clients import execution
from dspy.clients.call_result import CallResult
from dspy.clients.errors import error_boundary
from dspy.clients.execution import PreparedCall

from ..util.json_types import JsonObject
from .attempts import FailedAttempts, set_price
from .call import Call
from .call_arguments import keyed_by_address
from .call_usage import fill_call
from .called_model import CalledModel
from .current_call import current_call
from .direct import is_plain, select_request, set_cost
from .history import usage_is_reported
from .hosts import cache_address
from .kept_request import KeptRequest, SeveralResponses
from .kept_requests import settings_key
from .replies import BadReply, check_outputs, finish_reason


@dataclass
class Drawn:
    """What a sample gets of a request for several samples, or of DSPy's cache.

    Attributes:
        prepared: the call as DSPy prepared it, with the settings of the sample.
        result: the completion and its usage; the first sample of the request has the prompt's.
        is_first: whether it is that sample.
        is_estimated: whether the tokens of the completion are estimated.
        seconds: what the request took.
        machine_seconds: the sample's share of the machine's time.
        failed: the failed attempts before the request, which the first sample counts.
    """

    prepared: PreparedCall
    result: CallResult
    is_first: bool = False
    is_estimated: bool = False
    seconds: float = 0.0
    machine_seconds: float = 0.0
    failed: FailedAttempts = field(default_factory=FailedAttempts)

    def deliver(self, lm: CalledModel, call: Call) -> list[Any]:
        """Set the usage of a sample's call, which is the current one, and return its outputs."""
        self._mark(call)
        with usage_is_reported():
            outputs = execution.finalize(lm, self.prepared, self.result)
        self._finish(lm, call)
        return outputs

    def count_as_cancelled(self, lm: CalledModel, call: Call) -> None:
        """Set the usage of a call whose sample was no longer needed."""
        result = self.result
        self._mark(call)
        entry = {"usage": result.usage, "response": result.raw, "cost": result.cost}
        fill_call(call, entry, from_server=True)
        self._finish(lm, call)
        call.cancelled = True

    def _mark(self, call: Call) -> None:
        if not self.result.cache_hit:
            call.prompt_shared, call.estimated = not self.is_first, self.is_estimated

    def _finish(self, lm: CalledModel, call: Call) -> None:
        call.seconds, call.machine_seconds = self.seconds, self.machine_seconds
        set_price(call, lm, failed=False)
        self.failed.add_to(call, lm)


async def draw_at_once(
    lm: CalledModel, messages: Any, settings: Mapping[int, JsonObject]
) -> dict[int, Drawn]:
    """Draw samples from DSPy's cache, and the rest by one request.

    Args:
        lm: the language model, to whose calls nobody listens.
        messages: the prompt.
        settings: those of each sample.

    Returns:
        What came, by sample; nothing where only DSPy's own path can make the request.

    Raises:
        Exception: what `dspy.LM.acall` raises.
    """
    if not is_plain(messages):
        return {}
    calls = _prepare(lm, messages, settings)
    drawn = await _cached(lm, calls)
    fresh = {sample: call for sample, call in calls.items() if sample not in drawn}
    if len(fresh) > 1:
        drawn.update(await _ask(lm, fresh))
    lead = current_call.get()
    if lead is not None:
        lm.runtime.prompt_tokens.remember(messages, lead.prompt_tokens)
    return drawn


def _prepare(
    lm: CalledModel, messages: Any, settings: Mapping[int, JsonObject]
) -> dict[int, PreparedCall]:
    """Return the calls as DSPy prepares them: once for the prompt, and the settings of each."""
    address = cache_address(lm.model, lm.kwargs.get("api_base"))
    calls: dict[int, PreparedCall] = {}
    for sample, own in settings.items():
        if address is not None:
            own = keyed_by_address(address, own, lm.kwargs)
        if calls:
            first = next(iter(calls.values()))
            calls[sample] = replace(first, kwargs=dict(own), legacy=first.legacy | own)
        else:
            calls[sample] = execution.prepare(lm, None, messages, own, asynchronous=True)
    return calls


async def _cached(lm: CalledModel, calls: Mapping[int, PreparedCall]) -> dict[int, Drawn]:
    """Return the samples whose replies are in DSPy's cache."""
    if not any(call.cache for call in calls.values()):
        return {}
    results = await asyncio.to_thread(
        lambda: {sample: execution._cached(lm, call, True) for sample, call in calls.items()}
    )
    drawn: dict[int, Drawn] = {}
    for sample, result in results.items():
        if result is None:
            continue
        try:
            check_outputs(result.outputs, finish_reason(result.raw), lm.model)
        except BadReply:
            continue  # its own request is made without the cache
        drawn[sample] = Drawn(calls[sample], result)
    return drawn


async def _ask(lm: CalledModel, calls: Mapping[int, PreparedCall]) -> dict[int, Drawn]:
    """Make one request for some samples, and return those that it gave, in their order."""
    call = next(iter(calls.values()))
    settings, sent = settings_key(call.legacy), call.legacy["messages"]
    if settings is None or not call.managed:
        return {}
    kept, model = lm.runtime.kept_requests, cast(dspy.LM, lm)
    request = kept.find(model, settings, sent)
    if request is None:
        request = await select_request(model, call)
        if request is not None:
            kept.keep(model, settings, sent, request)
    if request is None or not request.takes_several:
        return {}
    drawn: dict[int, Drawn] = {}
    with error_boundary(lm.model, provider=request.provider, unexpected=True):
        came = await request.for_call(call).send_for(len(calls))
        for response, (sample, prepared) in zip(came.responses, calls.items(), strict=False):
            result = await _accept(lm, prepared, request, response)
            drawn[sample] = Drawn(prepared, result, not drawn, came.is_estimated)
    _say_what_is_unusual(lm, len(calls), came)
    if call.cache:
        await asyncio.to_thread(_store, lm, drawn)
    return drawn


async def _accept(
    lm: CalledModel, call: PreparedCall, request: KeptRequest, response: Any
) -> CallResult:
    results: list[CallResult] = []
    execution._accept_response(
        lm, call, execution._Attempt(), results, response, request.provider, request.canonical
    )
    await set_cost(results[0], response, request)
    return results[0]


def _store(lm: CalledModel, drawn: Mapping[int, Drawn]) -> None:
    for one in drawn.values():
        execution._store(lm, one.prepared, one.result, True)


def _say_what_is_unusual(lm: CalledModel, asked: int, came: SeveralResponses) -> None:
    several = lm.runtime.several
    if came.num_choices == 1:
        several.refuse(lm.tier, f"its server gives one sample where {asked} are asked for")
    if came.is_estimated:
        several.say(
            f"{lm.tier}: its server counts the tokens of one sample of several, so those of the "
            "others are estimated from their texts"
        )
