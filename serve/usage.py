"""What an answer used and cost, in the API's fields and in the cascade's own."""

from collections.abc import Sequence
from typing import Any

import dspy

from ..models import Call
from ..programs import Cascade
from ..util.json_types import JsonObject


def api_usage(predictions: Sequence[dspy.Prediction]) -> JsonObject:
    """Return the tokens of answers as the API counts them.

    All calls of all tiers count. `reasoning_tokens` are those that the client does not read: plans,
    and samples but the one that answered.

    Args:
        predictions: the answers of one request.
    """
    calls: list[Call] = []
    shown = 0
    for prediction in predictions:
        calls += prediction.calls
        shown += _shown_tokens(prediction)
    usage = calls_usage(calls)
    written = usage["completion_tokens"]
    return usage | {"completion_tokens_details": {"reasoning_tokens": max(0, written - shown)}}


def calls_usage(calls: Sequence[Call]) -> JsonObject:
    """Return the tokens of calls as the API counts them."""
    prompt = completion = cached = 0
    for call in calls:
        prompt += call.prompt_tokens or 0
        completion += call.completion_tokens or 0
        cached += call.cached_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def responses_usage(prediction: dspy.Prediction) -> JsonObject:
    """Return the tokens of an answer in the fields of `/v1/responses`."""
    usage = api_usage([prediction])
    return {
        "input_tokens": usage["prompt_tokens"],
        "input_tokens_details": usage["prompt_tokens_details"] | {"cache_write_tokens": 0},
        "output_tokens": usage["completion_tokens"],
        "output_tokens_details": usage["completion_tokens_details"],
        "total_tokens": usage["total_tokens"],
    }


def _shown_tokens(prediction: dspy.Prediction) -> int:
    """Return the tokens of the sample that answered; 0 when it is not known."""
    answered = answering_calls(prediction)
    return (answered[0].completion_tokens or 0) if answered else 0


def answering_calls(prediction: dspy.Prediction) -> list[Call]:
    """Return the calls that wrote the samples behind an answer."""
    if not prediction.rounds:
        return []
    record = prediction.rounds[-1]
    supporters = record.get("supporters") or []
    calls = []
    for call in prediction.calls:
        is_sample = call.role == "reason" and call.round == record["round"]
        if is_sample and call.sample in supporters:
            calls.append(call)
    return calls


class LastTierCost:
    """Estimates what the last tier alone would have cost, from its own answers so far.

    Its mean cost of a call that answered is the estimate; there is none before the first such call.
    """

    def __init__(self) -> None:
        self._total: dict[str, float] = {}
        self._calls: dict[str, int] = {}

    def observe(self, cascade: Cascade, prediction: dspy.Prediction) -> float | None:
        """Take the calls of an answer into account, and return the estimate in USD."""
        tier = cascade.preset.last_tier
        for call in prediction.calls:
            cost = call.cost.high
            if call.tier == tier and call.role == "reason" and cost is not None:
                self._total[tier] = self._total.get(tier, 0.0) + cost
                self._calls[tier] = self._calls.get(tier, 0) + 1
        if not self._calls.get(tier):
            return None
        return self._total[tier] / self._calls[tier]


def cascade_field(prediction: dspy.Prediction, last_tier_alone: float | None) -> JsonObject:
    """Return the field `cope` of a reply.

    Args:
        prediction: the answer.
        last_tier_alone: USD that the last tier alone would have cost, estimated.
    """
    field: dict[str, Any] = {}
    for name in ("round", "confidence", "plan", "votes", "early_stop", "usage", "cost", "seconds"):
        field[name] = prediction.get(name)
    field["cost_bounds"] = prediction.get("cost_bounds")
    field["last_tier_alone_usd"] = last_tier_alone
    return field
