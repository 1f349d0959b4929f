"""The call that is being made, to which engines report what they know before it ends."""

import contextvars

from .call import Call
from .server_waits import SERVER_WAITS

current_call: contextvars.ContextVar[Call | None] = contextvars.ContextVar(
    "cope_call", default=None
)


def report_partial_usage(
    prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
) -> None:
    """Report, from an engine, the tokens of a request that is cancelled or fails."""
    call = current_call.get()
    if call:
        call.prompt_tokens = prompt_tokens or None  # some engines know it at the end only
        call.completion_tokens = completion_tokens
        call.cached_tokens = cached_tokens


def report_drafts(drafted: int, accepted: int) -> None:
    """Report, from an engine, how many tokens were drafted, and how many of them were accepted."""
    call = current_call.get()
    if call:
        call.drafted, call.draft_accepted = drafted, accepted


def report_heard() -> None:
    """Report, from an engine, that its server sent something, so that it is not called silent."""
    call = current_call.get()
    if call:
        SERVER_WAITS.heard(call.tier)
