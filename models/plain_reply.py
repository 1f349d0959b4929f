"""Read a chat completion that is text and nothing else, as DSPy reads it.

DSPy's reader looks at each value of a reply several times, and its types look again, which takes
longer than all the rest of an exchange. Most replies hold one text, whose document was checked
already. Any other reply is left to DSPy.
"""

from typing import Any, TypeVar

from dspy._vendor.lm15.types import _is_json_value
from dspy.lm15 import Message, Response, TextPart, Usage

from ..util.json_types import JsonObject

Made = TypeVar("Made")

_ENDS = ("stop", "length")
_NOT_TEXT = ("reasoning_content", "reasoning", "refusal", "tool_calls")
"""What a message may hold beside its text, and seldom does."""


def read_plain_reply(document: JsonObject) -> Response | None:
    """Return the response that DSPy makes of a chat completion; None for one that is not plain.

    Args:
        document: the reply, see `checked_document`.
    """
    if "error" in document or len(document["choices"]) != 1 or not _is_json_value(document):
        return None
    choice, model, identifier = document["choices"][0], document.get("model"), document.get("id")
    message, reason = choice["message"], choice.get("finish_reason")
    text = message.get("content")
    if type(text) is not str or not text or reason not in _ENDS or choice.get("logprobs"):
        return None
    for name in _NOT_TEXT:
        if message.get(name):
            return None
    for name in (model, identifier or "none"):
        if type(name) is not str or not name:
            return None
    part = _made(TextPart, text=text, continuation=(), type="text")
    return _made(
        Response,
        id=identifier or None,
        model=model,
        message=_made(Message, role="assistant", parts=(part,), continuation=()),
        finish_reason=reason,
        usage=_usage(document.get("usage") or {}),
        logprobs=None,
        provider_data=document,
        adaptations=(),
        logprobs_complete=True,
    )


def _usage(counts: JsonObject) -> Usage:
    prompt, completion = counts.get("prompt_tokens"), counts.get("completion_tokens")
    total = counts.get("total_tokens")
    if total is None and prompt is not None and completion is not None:
        total = prompt + completion
    of_prompt = counts.get("prompt_tokens_details") or {}
    of_completion = counts.get("completion_tokens_details") or {}
    return _made(
        Usage,
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=total,
        cache_read_tokens=of_prompt.get("cached_tokens"),
        cache_write_tokens=of_prompt.get("cache_write_tokens"),
        reasoning_tokens=of_completion.get("reasoning_tokens"),
        input_audio_tokens=of_prompt.get("audio_tokens"),
        output_audio_tokens=of_completion.get("audio_tokens"),
    )


def _made(kind: type[Made], **values: Any) -> Made:
    """Return an object of DSPy's with values that need no check."""
    made = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made
