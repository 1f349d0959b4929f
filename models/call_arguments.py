"""The arguments of a call: those that a model accepts, and those that name its address."""

from collections.abc import Mapping
from typing import Any

from ..util.json_types import JsonObject


def supported_arguments(arguments: Mapping[str, Any], defaults: Mapping[str, Any]) -> JsonObject:
    """Return the arguments that a model accepts. A greedy call has no rollouts.

    Args:
        arguments: of one call.
        defaults: the arguments of the model, by which DSPy marks a reasoning model.
    """
    supported = dict(arguments)
    if "max_completion_tokens" in defaults:
        # A reasoning model, whose reasoning counts as completion.
        for name in ("temperature", "max_tokens", "stop"):
            supported.pop(name, None)
    elif supported.get("temperature") == 0:
        supported.pop("rollout_id", None)
    return supported


def keyed_by_address(
    address: str, arguments: Mapping[str, Any], defaults: Mapping[str, Any]
) -> JsonObject:
    """Return the arguments with the server's address in the key of DSPy's cache.

    DSPy's keys leave out `api_base`. It sends no rollout, which is part of the keys.

    Args:
        address: of the server.
        arguments: of one call.
        defaults: the arguments of the model.
    """
    rollout = arguments.get("rollout_id", defaults.get("rollout_id"))
    return {**arguments, "rollout_id": f"{address}#{rollout or ''}"}
