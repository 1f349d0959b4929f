"""Check the body of an API's reply before DSPy reads it.

DSPy's client takes what a server says at its word: a number of tokens that is text makes a call
fail, and an empty list of choices is an empty answer.
"""

from typing import Any

from dspy._vendor.lm15.transports import TransportRequest
from dspy.lm15 import ContextLengthError, InvalidRequestError, ServerError

from ..util.json_text import parse_json
from ..util.json_types import JsonObject
from ..util.text import printable, shorten
from .current_call import report_partial_usage
from .cut_prompts import SHORTEST_CONTEXT, count_words, is_cut_by_api
from .replies import CONTENT_FILTER, NO_CONTENT, REFUSED, clean_usage, finite_number, known_count

NUM_CHOICES = "cope_num_choices"
"""The key of a checked reply with how many completions came, also those that are no answers."""


def is_chat(request: TransportRequest) -> bool:
    """Return whether a request asks for a chat completion."""
    return request.url.partition("?")[0].endswith("/chat/completions")


def read_document(body: bytes) -> JsonObject:
    """Return the JSON object in the body of a reply.

    Raises:
        dspy.lm15.ServerError: for a reply that is none.
    """
    try:
        document = parse_json(body)
    except ValueError:
        start = shorten(printable(body[:200].decode(errors="replace")), 80)
        raise ServerError(f"the reply is no JSON: {start!r}") from None
    if not isinstance(document, dict):
        raise ServerError("the reply is no JSON object")
    return document


def checked_document(document: JsonObject, request: TransportRequest) -> JsonObject:
    """Return the document of a successful reply as DSPy can read it.

    Implausible numbers of tokens and log-probabilities are left out, and so are unknown.

    Raises:
        dspy.lm15.ServerError: for a reply that has no content.
        dspy.lm15.InvalidRequestError: when a content filter or the model refused.
        dspy.lm15.ContextLengthError: when the server cut the prompt.
    """
    for name in ("usage", "usageMetadata"):
        if name in document:
            document[name] = clean_usage(document[name])
    if is_chat(request):
        _check_chat_completion(document, asks_for_several(request))
        _check_prompt_is_whole(document, request)
    return document


def asks_for_several(request: TransportRequest) -> bool:
    """Return whether a request asks for several completions of its prompt."""
    return b'"n":' in request.body and (parse_json(request.body).get("n") or 1) > 1


def _check_chat_completion(document: JsonObject, several: bool) -> None:
    error, choices = document.pop("error", None), document.get("choices")
    if error:
        if isinstance(error, dict):
            document["error"] = error  # DSPy knows its codes
            return
        raise ServerError(f"the server answers with an error: {shorten(str(error), 200)}")
    _report_usage(document.get("usage") or {})
    if not isinstance(choices, list) or not choices:
        raise ServerError(NO_CONTENT)
    if not several:
        _check_choice(choices[0])
        document["choices"] = choices[:1]
        return
    whole: list[JsonObject] = []
    failures: list[ServerError | InvalidRequestError] = []
    for choice in choices:
        try:
            _check_choice(choice)
            whole.append(choice)
        except (ServerError, InvalidRequestError) as error:
            failures.append(error)
    if not whole:
        raise failures[0]
    document["choices"], document[NUM_CHOICES] = whole, len(choices)


def _check_choice(choice: Any) -> None:
    """Clean a completion.

    Raises:
        dspy.lm15.ServerError: when it has no content.
        dspy.lm15.InvalidRequestError: when a content filter or the model refused.
    """
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise ServerError(NO_CONTENT)
    _clean_logprobs(choice)
    if not isinstance(message.get("tool_calls"), list):
        message.pop("tool_calls", None)
    content = message["content"] = _clean_content(message.get("content"))
    reason = choice.get("finish_reason")
    if reason == CONTENT_FILTER:
        raise _refused("the reply was cut by the server's filter")
    if reason == "error" or choice.get("error"):
        raise ServerError("the server failed in the middle of its reply")
    if content or reason == "length":
        return
    if any(message.get(name) for name in ("tool_calls", "reasoning_content", "reasoning")):
        return
    if message.get("refusal"):
        raise _refused(shorten(str(message["refusal"]), 200))
    raise ServerError(NO_CONTENT)


def _check_prompt_is_whole(document: JsonObject, request: TransportRequest) -> None:
    tokens = known_count((document.get("usage") or {}).get("prompt_tokens"))
    if tokens is None or tokens < SHORTEST_CONTEXT or not request.body:
        return
    words = count_words(parse_json(request.body).get("messages"))
    if is_cut_by_api(tokens, words):
        raise ContextLengthError(
            f"the server read {tokens:,} tokens of a prompt of {words:,} words, so it cut the "
            "prompt: raise its context, or shorten the prompt"
        )


def _report_usage(usage: JsonObject) -> None:
    """Report the tokens, which were paid for also when the reply is rejected."""
    prompt = known_count(usage.get("prompt_tokens")) or 0
    report_partial_usage(prompt, known_count(usage.get("completion_tokens")) or 0)


def _clean_content(content: object) -> object:
    """Return text or parts of text; None for anything else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts: list[JsonObject] = []
    for part in content:
        if isinstance(part, dict) and isinstance(part.get("text"), str) and part["text"]:
            parts.append(part)
    return parts or None


def _clean_logprobs(choice: JsonObject) -> None:
    """Remove log-probabilities if one of them is no number."""
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(tokens, list):
        choice["logprobs"] = None
        return
    for token in tokens:
        if not _is_scored(token):
            choice["logprobs"] = None
            return
        others = token.get("top_logprobs")
        token["top_logprobs"] = list(filter(_is_scored, others if isinstance(others, list) else ()))


def _is_scored(token: object) -> bool:
    """Return whether a token has a log-probability, and drop its bytes, which nothing reads."""
    if not isinstance(token, dict):
        return False
    token.pop("bytes", None)
    return finite_number(token.get("logprob"))


def _refused(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"{REFUSED}: {reason}", provider_code=CONTENT_FILTER)
