"""Speculative decoding: something fast drafts the next tokens, and the model checks them at once.

A draft that the model would not have written is thrown away, so that greedy replies are the same
as without drafts. It pays where the drafts are mostly right and checking several tokens takes
hardly longer than writing one, which is so on GPUs and seldom on a few CPU cores: measure it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import CopeError

NGRAM = "ngram"
"""Drafts from the text so far: what followed the same words before."""

_EMBEDDED = "local/"

if TYPE_CHECKING:
    from .base import LocalEngine


def split_draft(name: str) -> tuple[str, str | None]:
    """Split a model's name from what drafts for it; None where nothing does.

    Raises:
        CopeError: for settings other than a draft.

    >>> split_draft("qwen2.5-coder-1.5b?draft=small")
    ('qwen2.5-coder-1.5b', 'small')
    >>> split_draft("qwen2.5-coder-1.5b")
    ('qwen2.5-coder-1.5b', None)
    """
    model, mark, settings = name.partition("?")
    if not mark:
        return name, None
    key, _, draft = settings.partition("=")
    if key != "draft" or not draft:
        raise CopeError(
            f"{model} has the setting {settings!r}: write ?draft=NAME with the name of a smaller "
            f"model or a tier, or ?draft={NGRAM}"
        )
    return model, draft


def without_draft(model: str) -> str:
    """Return the name of a model without what drafts for it, by which results are known.

    >>> without_draft("local/qwen2.5-coder-1.5b?draft=small")
    'local/qwen2.5-coder-1.5b'
    """
    return split_draft(model)[0] if model.startswith(_EMBEDDED) else model


def with_weights_of_tiers(models: Mapping[str, str | LocalEngine]) -> dict[str, str | LocalEngine]:
    """Return models by tier; where a draft is named by a tier, it is named by the tier's weights.

    Raises:
        CopeError: when such a tier is not embedded.

    >>> with_weights_of_tiers({"small": "local/tiny", "large": "local/big?draft=small"})
    {'small': 'local/tiny', 'large': 'local/big?draft=tiny'}
    """
    named = dict(models)
    for tier, model in models.items():
        if not isinstance(model, str) or not model.startswith(_EMBEDDED):
            continue
        name, draft = split_draft(model)
        if draft is None or draft not in models:
            continue
        other = models[draft]
        if not isinstance(other, str) or not other.startswith(_EMBEDDED):
            raise CopeError(
                f"{model}: the tier {draft} is not embedded, and only embedded weights draft: name "
                "a local/ model"
            )
        weights = without_draft(other).removeprefix(_EMBEDDED)
        named[tier] = f"{name}?draft={weights}"
    return named
