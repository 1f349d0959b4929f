"""Continue a reply that has begun: the start of a reply as the last message of a prompt."""

from typing import Any

import dspy

from .adapter import LeanAdapter
from .team import Tier

_Message = dict[str, Any]

_VLLM_PREFIXES = ("hosted_vllm/", "vllm/")
_VLLM_SETTINGS = {"continue_final_message": True, "add_generation_prompt": False}
"""Of vLLM's chat completions: the template leaves the last message open."""


class ContinuingAdapter(LeanAdapter):
    """The lean adapter for a reply whose start is known: the model writes the rest only.

    Args:
        start: the start of the reply.

    >>> adapter = ContinuingAdapter("2 + 2")
    >>> adapter.parse(dspy.Signature("question -> program"), " = 4")
    {'program': '2 + 2 = 4'}
    """

    def __init__(self, start: str) -> None:
        super().__init__()
        self.start = start

    def format(
        self,
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[_Message]:
        messages: list[_Message] = super().format(signature, demos, inputs)
        if self.start:
            messages.append({"role": "assistant", "content": self.start})
        return messages

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        return super().parse(signature, self.start + completion)


class StartAdapter(ContinuingAdapter):
    """The same for a reply that is cut: every field gets the whole reply, which is not parsed."""

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        return dict.fromkeys(signature.output_fields, self.start + completion)


def can_continue(tier: Tier) -> bool:
    """Return whether a tier's model continues a reply that ends its prompt.

    A model behind an API writes a new reply after it, unless vLLM serves it.
    """
    if not isinstance(tier.adapter, LeanAdapter):
        return False
    return _is_vllm(tier) if tier.engine is None else tier.engine.continues_replies


def continuation_settings(tier: Tier) -> dict[str, Any]:
    """Return the settings of a request whose last message is to be continued."""
    return dict(_VLLM_SETTINGS) if tier.engine is None and _is_vllm(tier) else {}


def _is_vllm(tier: Tier) -> bool:
    return tier.model.startswith(_VLLM_PREFIXES)
