"""Responses that are text and nothing else, and a chat completion that is one.

DSPy's reader looks at each value of a reply several times, and its types look again, which takes
longer than all the rest of an exchange. Most replies hold one text, whose document was checked
already. Any other reply is left to DSPy.
"""

from dspy._vendor.lm15.types import _is_json_value
from dspy.lm15 import Message, Response, TextPart, TokenLogprob, Usage

from ..util.json_types import JsonObject
from .unchecked import made

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
    choice, model = document["choices"][0], document.get("model")
    identifier = document.get("id") or None
    message, reason = choice["message"], choice.get("finish_reason")
    text = message.get("content")
    if type(text) is not str or not text or reason not in _ENDS or choice.get("logprobs"):
        return None
    for name in _NOT_TEXT:
        if message.get(name):
            return None
    if not isinstance(model, str) or not model or not isinstance(identifier, str | None):
        return None
    counts = document.get("usage") or {}
    of_prompt = counts.get("prompt_tokens_details") or {}
    of_completion = counts.get("completion_tokens_details") or {}
    usage = usage_of(
        counts.get("prompt_tokens"),
        counts.get("completion_tokens"),
        total_tokens=counts.get("total_tokens"),
        cache_read_tokens=of_prompt.get("cached_tokens"),
        cache_write_tokens=of_prompt.get("cache_write_tokens"),
        reasoning_tokens=of_completion.get("reasoning_tokens"),
        input_audio_tokens=of_prompt.get("audio_tokens"),
        output_audio_tokens=of_completion.get("audio_tokens"),
    )
    return text_response(model, text, reason, usage, identifier=identifier, provider_data=document)


def usage_of(
    prompt: int | None,
    completion: int | None,
    *,
    total_tokens: int | None = None,
    cache_read_tokens: int | None = None,
    cache_write_tokens: int | None = None,
    reasoning_tokens: int | None = None,
    input_audio_tokens: int | None = None,
    output_audio_tokens: int | None = None,
) -> Usage:
    """Return a usage of counts that are whole numbers, or None where they are not known."""
    if total_tokens is None and prompt is not None and completion is not None:
        total_tokens = prompt + completion
    return made(
        Usage,
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=total_tokens,
        cache_read_tokens=cache_read_tokens,
        cache_write_tokens=cache_write_tokens,
        reasoning_tokens=reasoning_tokens,
        input_audio_tokens=input_audio_tokens,
        output_audio_tokens=output_audio_tokens,
    )


def text_response(
    model: str,
    text: str,
    finish: str,
    usage: Usage,
    *,
    identifier: str | None = None,
    logprobs: tuple[TokenLogprob, ...] | None = None,
    provider_data: JsonObject | None = None,
) -> Response:
    """Return a response that is one text.

    Args:
        model: the model that answered.
        text: the text, not empty.
        finish: `stop` or `length`.
        usage: the tokens.
        identifier: the server's name for the response.
        logprobs: log-probabilities of the tokens.
        provider_data: the reply as it came.
    """
    part = made(TextPart, text=text, continuation=(), type="text")
    return made(
        Response,
        id=identifier,
        model=model,
        message=made(Message, role="assistant", parts=(part,), continuation=()),
        finish_reason=finish,
        usage=usage,
        logprobs=logprobs,
        provider_data=provider_data,
        adaptations=(),
        logprobs_complete=True,
    )
