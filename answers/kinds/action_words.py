"""The words of an action that carry its meaning."""

from collections.abc import Iterable, Sequence

_SAME = (
    ("move", "put", "place"),
    ("take", "get", "grab", "pick"),
    ("use", "toggle", "turn", "switch"),
    ("go", "walk", "goto"),
    ("close", "shut"),
    ("examine", "inspect"),
)
"""Verbs that games and models use for the same thing, the one that stands for all first."""

_VERBS = {other: group[0] for group in _SAME for other in group}
_LINKS = set("in on to into onto from with at up of off out and then the a an".split())


def content_words(form: str) -> list[str]:
    """Return the words of an action without links; the first, its verb, stands for like verbs.

    >>> content_words("pick up egg 1 from pan 2"), content_words("take egg 1 from pan 2")
    (['take', 'egg', '1', 'pan', '2'], ['take', 'egg', '1', 'pan', '2'])
    """
    words = [word for word in form.split() if word not in _LINKS]
    return [_VERBS.get(word, word) for word in words[:1]] + words[1:]


def all_words_in(words: Sequence[str], others: Iterable[str]) -> bool:
    """Return whether words are among others, in their order.

    >>> all_words_in(["clean", "fork"], ["clean", "fork", "1", "basin", "1"])
    True
    """
    rest = iter(others)
    return all(word in rest for word in words)
