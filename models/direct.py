"""Make one request of a language model without the threads of DSPy's own path.

DSPy chooses its backend anew for every call, looks up prices in a table of thousands of models, and
takes four of its steps in other threads, which costs several times the processor time of the
request itself. Here the same functions of DSPy run in the caller's task, and what depends on prompt
and settings alone is kept for the next samples. Prompts, replies, usage, errors and DSPy's history
are the same; a test compares both paths. DSPy's own path is taken where a callback or a stream
listens.
"""

import asyncio
from functools import lru_cache
from typing import Any

import dspy
from dspy.clients import execution
from dspy.clients._deprecation import warn_openai_messages
from dspy.clients.call_result import CallResult, usage_dict
from dspy.clients.costs import estimate_cost
from dspy.clients.engines.lm15_engine import AsyncLM15Engine
from dspy.clients.errors import error_boundary
from dspy.clients.execution import PreparedCall
from dspy.clients.model_metadata import model_info
from dspy.lm15 import Response, StreamAssemblyError, TextPart

from .engines.async_adapter import AsyncEngineAdapter
from .history import history_is_kept
from .kept_request import KeptRequest
from .kept_requests import KeptRequests, settings_key
from .scope import dspy_setting

_NO_RATE = {"kind": "unknown", "reason": "no matching pricing entry"}


def is_unobserved(lm: dspy.LM) -> bool:
    """Return whether no callback and no stream listens to the calls of a language model."""
    observed = lm.callbacks or dspy_setting("callbacks")
    return not observed and dspy_setting("send_stream") is None


async def call_directly(
    lm: dspy.LM, kept: KeptRequests, prompt: Any, messages: Any, kwargs: dict[str, Any]
) -> list[Any] | None:
    """Make a request once, as `dspy.LM.acall` does, and return its outputs.

    Args:
        lm: the language model, to whose calls nobody listens.
        kept: the requests of earlier calls.
        prompt: a text; None when there are messages.
        messages: chat messages.
        kwargs: the settings of the call.

    Returns:
        The outputs; None when only DSPy's own path can make the request.

    Raises:
        Exception: what `dspy.LM.acall` raises.
    """
    if not is_plain(messages) or lm.model_type != "chat" or "aforward" in vars(lm):
        return None
    settings = settings_key(lm.kwargs | kwargs)
    if settings is None or not isinstance(prompt, str | None):
        return None
    sent = messages or [{"role": "user", "content": prompt}]
    request = kept.find(lm, settings, sent)
    if request is None:
        call = execution.prepare(lm, prompt, messages, kwargs, asynchronous=True)
        if not call.managed or call.n != 1:
            return None
    else:
        call = _prepared(lm, prompt, messages, kwargs, sent)
    if call.cache:
        cached = await asyncio.to_thread(execution._cached, lm, call, True)
        if cached:
            warn_openai_messages(lm, messages)
            return finish(lm, call, cached)
    if request is None:
        request = await select_request(lm, call)
        if request is None:
            return None
        kept.keep(lm, settings, sent, request)
    warn_openai_messages(lm, messages)
    return finish(lm, call, await _execute(lm, call, request.for_call(call)))


def finish(lm: dspy.LM, call: PreparedCall, result: CallResult) -> Any:
    """Account for a result, and return its outputs. DSPy writes a whole entry of its history.

    Where the history is off, the entry has only what `update_history` of a tier's model reads.
    """
    if history_is_kept() or call.request or dspy_setting("usage_tracker"):
        return execution.finalize(lm, call, result)
    response = result.responses if result.raw is None else result.raw
    used = {"usage": result.usage, "cost": result.cost}
    lm.update_history({"response": response, "outputs": result.outputs, **used})
    return result.outputs


def _prepared(
    lm: dspy.LM, prompt: Any, messages: Any, kwargs: dict[str, Any], sent: list[Any]
) -> PreparedCall:
    """Return a call as DSPy prepares it, whose settings and prompt were checked before."""
    own = {name: value for name, value in kwargs.items() if name != "cache"}
    legacy = {"model": lm.model, "messages": sent} | lm.kwargs | own
    if legacy.get("rollout_id") is None:
        legacy.pop("rollout_id", None)
    use_cache = getattr(lm, "_cache_responses", True) and kwargs.get("cache", lm.cache)
    return PreparedCall(prompt, messages, dict(kwargs), legacy, None, use_cache, 1, True)


def is_plain(messages: Any) -> bool:
    """Return whether all messages are texts, so that no file has to be read for them."""
    for message in messages or ():
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            return False
    return True


async def select_request(lm: dspy.LM, call: PreparedCall) -> KeptRequest | None:
    """Return the request for DSPy's choice of a backend; None for LiteLLM and unknown engines."""
    backend, request, provider = execution._engine(lm, call, True)
    if request is None:
        return None
    if isinstance(backend, AsyncEngineAdapter):
        return KeptRequest(backend, request, provider)
    if not isinstance(backend, AsyncLM15Engine) or lm._providers:
        return None
    with error_boundary(lm.model, provider=provider, unexpected=True):
        if provider not in backend._providers:  # it may load credentials
            await asyncio.to_thread(backend._target, request)
        target, routed = backend._target(request)
        return KeptRequest(target, routed, provider, request).with_wire()


async def _execute(lm: dspy.LM, call: PreparedCall, request: KeptRequest) -> CallResult:
    """Send a request and account for it, in the order of DSPy's `aexecute`."""
    results: list[CallResult] = []
    provider, state = request.provider, execution._Attempt()
    try:
        try:
            response = await request.send()
            _accept(lm, call, state, results, response, request)
        except Exception as error:
            if isinstance(error, StreamAssemblyError):
                execution._retain_response_usage(state, results, error.partial, provider)
            with error_boundary(lm.model, provider=provider, unexpected=True):
                raise
        result = results[0]
        await set_cost(result, response, request)
        if call.cache:
            await asyncio.to_thread(execution._store, lm, call, result, True)
        return result
    except BaseException as error:
        execution._hint_responses_api(lm, error)
        execution._account_failed_call(lm, results, error)
        raise


def _accept(
    lm: dspy.LM,
    call: PreparedCall,
    state: execution._Attempt,
    results: list[CallResult],
    response: Response,
    request: KeptRequest,
) -> None:
    """Add the result of a response, as DSPy makes it; that of a text without a look at its kind."""
    parts = response.message.parts
    is_text = len(parts) == 1 and type(parts[0]) is TextPart and response.finish_reason == "stop"
    if not is_text or call.legacy.get("logprobs"):
        execution._accept_response(
            lm, call, state, results, response, request.provider, request.canonical
        )
        return
    outputs = [part.text for part in parts if isinstance(part, TextPart)]
    usage = usage_dict(response, request.provider)
    result = CallResult((response,), outputs, usage, raw=response, response_model=response.model)
    results.append(result)


async def set_cost(result: CallResult, response: Response, request: KeptRequest) -> None:
    """Set the cost that DSPy estimates; None for a model that its table of prices lacks."""
    provider, model = request.provider, request.routed.model
    if provider is not None:
        if not _has_looked_up(provider, response.model, model):
            await asyncio.to_thread(_is_listed, provider, model)  # the first one reads the table
        if not _is_listed(provider, response.model) and not _is_listed(provider, model):
            result.cost, result.cost_details = None, dict(_NO_RATE)
            return
    result.cost, result.cost_details = estimate_cost(
        response, provider=provider, requested_model=model, request=request.canonical
    )


_looked_up: set[tuple[str, ...]] = set()


def _has_looked_up(provider: str, *models: str) -> bool:
    key = (provider, *models)
    known = key in _looked_up
    _looked_up.add(key)
    return known


@lru_cache(maxsize=1024)
def _is_listed(provider: str, model: str) -> bool:
    return bool(model_info(provider, model))
