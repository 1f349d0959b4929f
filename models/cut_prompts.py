"""Notice prompts that a server cut, because an answer to a part of a prompt is wrong.

Some servers drop what does not fit into their context, without an error. Each word of a prompt is
at least one token, so a server that reports fewer tokens than words did not read all of it.
"""

from typing import Any

SHORTEST_CONTEXT = 256
"""Tokens of the shortest context that a server has. A shorter prompt is not cut."""


def count_words(messages: object) -> int:
    """Return the number of words in the messages of a request.

    >>> count_words([{"content": "two words"}, {"content": [{"type": "text", "text": "three"}]}])
    3
    """
    words = 0
    for message in messages if isinstance(messages, list | tuple) else ():
        content: Any = message.get("content") if isinstance(message, dict) else None
        parts = content if isinstance(content, list) else [{"text": content}]
        for part in parts:
            text = part.get("text") if isinstance(part, dict) else None
            words += len(text.split()) if isinstance(text, str) else 0
    return words


def is_cut(prompt_tokens: int | None, words: int, context: int) -> bool:
    """Return whether a server read less than a whole prompt, or filled its context with it.

    Args:
        prompt_tokens: tokens of the prompt that the server reports; None when it does not.
        words: words of the prompt that was sent.
        context: tokens of the context that was asked for.

    >>> is_cut(900, 1000, 8192), is_cut(1300, 1000, 8192), is_cut(2048, 1000, 2048)
    (True, False, True)
    """
    if prompt_tokens is None:
        return False
    if prompt_tokens >= context:
        return True
    return words > min(SHORTEST_CONTEXT, context // 2) and prompt_tokens < words


def is_cut_by_api(prompt_tokens: int | None, words: int) -> bool:
    """Return whether a server with a context of unknown length read less than a whole prompt.

    A number below the shortest context tells nothing, because some servers do not count what they
    had in a cache.

    >>> is_cut_by_api(4096, 6000), is_cut_by_api(10, 6000)
    (True, False)
    """
    return prompt_tokens is not None and SHORTEST_CONTEXT <= prompt_tokens < words
