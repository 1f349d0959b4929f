"""Agreement by one call of the round's model, which groups the samples that say the same."""

import json
import re
from collections.abc import Sequence

import dspy
from dspy.utils.exceptions import AdapterParseError, ContextWindowExceededError

from ...signatures.grouping import GroupReplies
from .agreement import Agreement
from .similarity import group_alike

_MAX_CHARS = 600
"""Characters of a reply that are shown; a request to a local model holds few tokens."""

_MAX_TOKENS = 128


class ModelAgreement(Agreement):
    """One greedy call of the round's reasoner groups the samples.

    The call is made once a round, and not at all when all samples are the same text. Where its
    reply cannot be read, samples are grouped by character n-grams.
    """

    kind = "model-agreement"

    finishing_calls = 1

    async def group(self, question: str, texts: Sequence[str]) -> list[int]:
        shown = [f"{n}. {_start(text)}" for n, text in enumerate(texts, 1)]
        config = {"temperature": 0.0, "max_tokens": _MAX_TOKENS}
        try:
            made = await dspy.Predict(GroupReplies).acall(
                question=question,
                replies="\n\n".join(shown),
                config=config,
                lm=dspy.settings.lm,
            )
            groups = made.groups
        except AdapterParseError as error:
            groups = _lists_in(error.lm_response or "")
        except ContextWindowExceededError:
            groups = None
        return read_groups(groups, len(texts)) or group_alike(texts)


def read_groups(groups: object, count: int) -> list[int]:
    """Return the group of each of `count` texts; empty when the groups cannot be read.

    A number counts where it is first named. A text that no group names is a group of its own.

    Args:
        groups: lists of numbers from 1.
        count: number of texts.

    >>> read_groups([[1, 3], [3, 9]], 3), read_groups("?", 3)
    ([0, 1, 0], [])
    """
    if not isinstance(groups, list):
        return []
    found: dict[int, int] = {}
    for number, members in enumerate(groups):
        if not isinstance(members, list):
            return []
        for member in members:
            if isinstance(member, int) and 1 <= member <= count:
                found.setdefault(member, number)
    if not found:
        return []
    labels: list[int] = []
    for member in range(1, count + 1):
        labels.append(found.get(member, len(groups) + member))
    renumbered = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    return [renumbered[label] for label in labels]


def _lists_in(text: str) -> object:
    """Return the first JSON list of lists in a reply; None without one."""
    match = re.search(r"\[\s*\[[\d\s,\[\]]*\]\s*\]", text)
    if match is None:
        return None
    try:
        return json.loads(match[0])
    except ValueError:
        return None


def _start(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MAX_CHARS else f"{plain[:_MAX_CHARS]} ..."
