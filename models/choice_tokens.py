"""The tokens of each of several completions that one request was answered with.

The API counts all of them together, and some servers count one of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..util.json_types import JsonObject
from .replies import known_count

_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class ChoiceTokens:
    """The tokens of the completions of one request.

    Attributes:
        counts: by completion; None where nothing tells them.
        is_estimated: whether the server counted one completion of several, and the texts give the
            tokens of the others.
    """

    counts: tuple[int | None, ...]
    is_estimated: bool = False


def choice_tokens(reported: object, choices: Sequence[JsonObject]) -> ChoiceTokens:
    """Return the tokens of each completion; together they are what the server counted.

    Each completion has as many tokens as log-probabilities, where these are known. Otherwise the
    tokens are divided by the lengths of the texts. A tokenizer makes a token of each word at least,
    so a count below the number of words is that of one completion, not of all.

    Args:
        reported: `completion_tokens` of the usage.
        choices: the completions.

    >>> choices = [{"message": {"content": text}} for text in ("so it is 4", "it is 4")]
    >>> choice_tokens(12, choices).counts
    (7, 5)
    """
    total = known_count(reported, 1)
    scored = [_num_logprobs(choice) for choice in choices]
    texts = [_text(choice) for choice in choices]
    if all(scored):
        if total is None or total < sum(scored):
            return ChoiceTokens(tuple(scored))
        return ChoiceTokens(_divided(total, scored))
    if total is None:
        return ChoiceTokens((None,) * len(choices))
    words = [len(_WORDS.findall(text)) for text in texts]
    lengths = [max(1, len(text)) for text in texts]
    if len(choices) > 1 and total < max(sum(words), len(choices)):
        mean = sum(lengths) / len(lengths)
        counts = [
            max(1, count, round(total * length / mean))
            for count, length in zip(words, lengths, strict=True)
        ]
        return ChoiceTokens(tuple(counts), is_estimated=True)
    return ChoiceTokens(_divided(total, lengths))


def split_choices(document: JsonObject) -> tuple[list[JsonObject], bool]:
    """Return a reply with several completions as replies with one each, see `ChoiceTokens`.

    Their usage adds up to that of the request: the first one has the prompt.

    Args:
        document: the reply to a request for a chat completion, with its completions.

    Returns:
        The replies, and whether the tokens of their completions are estimated.
    """
    usage, choices = document.get("usage") or {}, document["choices"]
    tokens = choice_tokens(usage.get("completion_tokens"), choices)
    parts: list[JsonObject] = []
    for choice, count in zip(choices, tokens.counts, strict=True):
        own = dict(usage) if not parts else {"prompt_tokens": 0}
        own.pop("total_tokens", None)
        own.pop("completion_tokens", None)
        if count is not None:
            own["completion_tokens"] = count
        parts.append(document | {"choices": [choice], "usage": own})
    return parts, tokens.is_estimated


def _divided(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Return whole numbers of at least 1, in about the proportion of weights, by their sum.

    Args:
        total: their sum, at least the number of weights.
        weights: above 0.
    """
    shares: list[int] = []
    given = weight_so_far = 0
    rest = total - len(weights)
    for weight in weights:
        weight_so_far += weight
        share = round(rest * weight_so_far / sum(weights)) - given
        shares.append(share + 1)
        given += share
    return tuple(shares)


def _num_logprobs(choice: JsonObject) -> int:
    logprobs = choice.get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return len(tokens) if isinstance(tokens, list) else 0


def _text(choice: JsonObject) -> str:
    message = choice.get("message") or {}
    parts = [message.get(name) for name in ("reasoning_content", "reasoning", "content")]
    return " ".join(part if isinstance(part, str) else str(part) for part in parts if part)
