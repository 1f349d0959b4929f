"""The failed attempts of a call: what they used, and what their errors mean."""

from dataclasses import dataclass

import dspy

from ..errors import CopeError, first_line
from .call import Call
from .call_price import call_cost
from .called_model import CalledModel
from .engines.base import LocalEngine
from .replies import REFUSED, BadReply, filtered_error, is_filtered

NO_KEY = "none"
"""Stands for a key where a server gets none, because clients require some value."""


@dataclass
class FailedAttempts:
    """The tokens of a call's failed attempts, which a provider bills where it made a reply."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def take_counts(self, call: Call) -> None:
        """Add the tokens of the last attempt of a call."""
        self.prompt_tokens += call.prompt_tokens or 0
        self.completion_tokens += call.completion_tokens or 0

    def take_from(self, call: Call) -> None:
        """Add the last attempt of a call, and clear what the call says about it."""
        self.take_counts(call)
        call.prompt_tokens = call.completion_tokens = call.cached_tokens = 0
        call.usd = call.logprob = call.logprob_tokens = call.logprob_window = None
        call.cache_hit = call.truncated = False

    def add_to(self, call: Call, lm: CalledModel) -> None:
        """Add the tokens to a call whose last attempt ended, and their price where it has one."""
        if not self.prompt_tokens and not self.completion_tokens:
            return
        if call.prompt_tokens is not None:
            call.prompt_tokens += self.prompt_tokens
        if call.completion_tokens is not None:
            call.completion_tokens += self.completion_tokens
        wasted = lm.price_of(self.prompt_tokens, self.completion_tokens, 0.0)
        if call.usd is not None:
            call.usd = None if wasted is None else call.usd + wasted
        elif call.usd_high is not None and wasted is not None:
            call.usd_low += wasted
            call.usd_high += wasted


def set_price(call: Call, lm: CalledModel, failed: bool) -> None:
    """Set the price of a call whose last attempt ended by itself.

    Args:
        call: the call, with its tokens and times.
        lm: the language model.
        failed: whether the attempt failed.
    """
    price = lm.runtime.price
    if call.cache_hit:
        call.seconds = call.machine_seconds = 0.0
    elif failed and call.usd is None:
        # A reply that was rejected is billed; an hourly price charges any failed call's time.
        call.usd = lm.price_of(
            call.prompt_tokens or 0, call.completion_tokens or 0, call.machine_seconds or 0.0
        )
    elif price:
        call.usd = call_cost(call, price)


def explain_error(error: Exception, lm: CalledModel) -> Exception:
    """Return an error of a request with what it means here; most mean what they say.

    Args:
        error: what DSPy raised.
        lm: the language model.
    """
    if is_filtered(error) and REFUSED not in str(error):
        return filtered_error(lm.model, first_line(error))
    if not isinstance(lm.engine, LocalEngine) and _is_unreadable(error):
        return BadReply(f"the reply cannot be read: {first_line(error)}", model=lm.model)
    address = lm.kwargs.get("api_base")
    if isinstance(error, dspy.LMAuthError) and address and lm.kwargs.get("api_key") == NO_KEY:
        return CopeError(
            f"{address} wants a key (tier {lm.tier}): name the environment variable that holds it, "
            f"as in --key {lm.tier}=VARIABLE; a provider's key is sent to its own host only"
        )
    return error


def _is_unreadable(error: Exception) -> bool:
    """Return whether DSPy could not read an API's reply, because it is no JSON or another one."""
    if isinstance(error, dspy.LMUnexpectedError):
        return not isinstance(error.__cause__, CopeError)
    return type(error) is dspy.LMProviderError and (error.status or 200) < 400
