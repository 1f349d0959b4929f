"""The tokens of prompts whose calls were stopped before their server reported them."""

import json
import threading
from collections import OrderedDict
from copy import deepcopy
from typing import Any

from ..util.text import common_start

_REMEMBERED = 128
"""Prompts to remember: those of the calls in flight and of their latest siblings."""
_COMPARED = 16
"""Of these, the latest prompts that an unknown one is compared with."""
_EXTRA_TOKENS = 64
"""Tokens that a chat template adds to a prompt at most, and that a change of it moves."""


def prompt_text(prompt: Any) -> str:
    """Return messages or a text as one text, by which equal prompts are found."""
    if isinstance(prompt, str):
        return prompt
    return json.dumps(prompt, ensure_ascii=False, default=repr)


class PromptTokens:
    """The reported tokens of a model's latest prompts, and bounds for other prompts.

    A token is made of one byte at least, so a part of a prompt has at most as many tokens as bytes.

    >>> book = PromptTokens()
    >>> book.remember("What is 2 + 2?", 9)
    >>> book.bounds("What is 2 + 2?")
    (9, 9)
    >>> book.bounds("What is 2 + 3?")
    (0, 74)
    """

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        self._latest: tuple[Any, int] | None = None

    def remember(self, prompt: Any, tokens: int | None) -> None:
        """Remember the tokens that a server reported of a prompt; None is ignored.

        Args:
            prompt: messages or a text. The samples of a round have the same one.
            tokens: those of the prompt.
        """
        if not tokens or self._latest == (prompt, tokens):
            return
        self._latest = deepcopy(prompt), tokens
        prompt = prompt_text(prompt)
        with self._lock:
            self._tokens[prompt] = tokens
            self._tokens.move_to_end(prompt)
            if len(self._tokens) > _REMEMBERED:
                self._tokens.popitem(last=False)

    def bounds(self, prompt: str) -> tuple[int, int]:
        """Return the least and the greatest possible number of tokens of a prompt.

        They are equal when another call with this prompt reported its tokens. Otherwise they follow
        from the bytes in which the prompt differs from the most similar one that is known.
        """
        with self._lock:
            known = dict(self._tokens)
        if prompt in known:
            return known[prompt], known[prompt]
        low, high = 0, len(prompt.encode()) + _EXTRA_TOKENS
        for other, tokens in list(known.items())[-_COMPARED:]:
            ours, theirs = _differing_bytes(prompt, other)
            low = max(low, tokens - theirs - _EXTRA_TOKENS)
            high = min(high, tokens + ours + _EXTRA_TOKENS)
        return low, max(low, high)


def _differing_bytes(first: str, second: str) -> tuple[int, int]:
    """Return the bytes of both texts without their common start and their common end."""
    start = common_start(first, second)
    first, second = first[start:], second[start:]
    end = common_start(first[::-1], second[::-1])
    return len(first[: len(first) - end].encode()), len(second[: len(second) - end].encode())
