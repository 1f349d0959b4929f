"""The requests of a tier that were prepared, kept for the next samples and the next prompts.

DSPy chooses a backend, checks the settings and translates the messages for each call. All that
depends on the settings alone is done once here.
"""

import asyncio
import json
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import dspy
from dspy._vendor.lm15.providers.common import json_dumps
from dspy.lm15 import Message, Request, TextPart

from ..util.json_types import JsonObject
from .kept_request import KeptRequest

KEPT = 256
"""How many requests are kept for an event loop; more than the prompts in flight."""

Key = tuple[object, ...]
Value = TypeVar("Value")

_SCALARS = (str, int, float, bool, type(None))
_OWN_OF_A_CALL = frozenset(("seed", "rollout_id", "model", "messages", "cache"))
"""What the key of settings leaves out: the seed is set for each sample, and the rest not sent."""


@dataclass(frozen=True)
class Pattern:
    """Makes requests for other prompts with the settings of one.

    Attributes:
        request: the request of the first prompt.
        before: the bytes that are sent before its messages; empty where DSPy writes them.
        after: those behind them.
    """

    request: KeptRequest
    before: bytes = b""
    after: bytes = b""

    @classmethod
    def of(cls, request: KeptRequest, messages: list[JsonObject]) -> "Pattern | None":
        """Return the pattern of a request; None where DSPy writes its messages in another form."""
        if not _is_plain(messages):
            return None
        pattern = cls(request)
        if request.wire is not None:
            before, own, after = request.wire[0].body.partition(json_dumps(messages))
            if not own:
                return None
            pattern = cls(request, before, after)
        return pattern if pattern.fill(messages) == request else None

    def fill(self, messages: list[JsonObject]) -> KeptRequest | None:
        """Return the request with other messages of the same roles.

        None for messages that DSPy has to look at.
        """
        if not _is_plain(messages):
            return None
        request = self.request
        try:
            written = json_dumps(messages)
        except ValueError:  # a text that is no Unicode, which DSPy explains
            return None
        if request.wire is not None:
            sent, notes = request.wire
            sent = replace(sent, body=self.before + written + self.after)
            return replace(request, wire=(sent, notes))
        given = request.given and _with_messages(request.given, messages)
        return replace(request, routed=_with_messages(request.routed, messages), given=given)


def _is_plain(messages: list[JsonObject]) -> bool:
    """Return whether messages are texts with a role and nothing else, and end in a question."""
    for message in messages:
        if len(message) != 2 or not message.get("role"):
            return False
        if type(message.get("content")) is not str or not message["content"]:
            return False
    return messages[-1]["role"] != "system"


def _with_messages(request: Request, messages: list[JsonObject]) -> Request:
    system, made = None, []
    for message in messages:
        if message["role"] == "system":
            system = message["content"]
        else:
            made.append(Message(message["role"], (TextPart(message["content"]),)))
    return replace(request, system=system, messages=tuple(made))


@dataclass
class _OfLoop:
    """What an event loop keeps, because connections belong to one."""

    requests: OrderedDict[Key, KeptRequest] = field(default_factory=OrderedDict)
    patterns: OrderedDict[Key, Pattern | None] = field(default_factory=OrderedDict)


class KeptRequests:
    """The requests of a tier, by settings and prompt."""

    def __init__(self) -> None:
        self._by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _OfLoop] = (
            weakref.WeakKeyDictionary()
        )

    def find(self, lm: dspy.LM, settings: Key, messages: list[JsonObject]) -> KeptRequest | None:
        """Return the request for a prompt; None where DSPy has to make it.

        Args:
            lm: the language model.
            settings: those of the call, see `settings_key`.
            messages: the prompt.
        """
        kept, key = self._of_loop(), _key(lm, settings, messages)
        found = kept.requests.get(key)
        if found is None:
            pattern = kept.patterns.get(_key(lm, settings, _roles(messages)))
            if pattern is not None:
                found = pattern.fill(messages)
            if found is not None:
                _put(kept.requests, key, found)
        return found

    def keep(
        self, lm: dspy.LM, settings: Key, messages: list[JsonObject], request: KeptRequest
    ) -> None:
        """Keep the request that DSPy made for a prompt."""
        kept = self._of_loop()
        _put(kept.requests, _key(lm, settings, messages), request)
        key = _key(lm, settings, _roles(messages))
        if key not in kept.patterns:
            _put(kept.patterns, key, Pattern.of(request, messages))

    def _of_loop(self) -> _OfLoop:
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            self._by_loop[loop] = _OfLoop()
        return self._by_loop[loop]


def _put(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    if len(kept) > KEPT:
        kept.popitem(last=False)


def settings_key(settings: Mapping[str, Any]) -> Key | None:
    """Return what is equal for calls whose requests differ in the prompt and the seed only.

    None for settings that are not JSON, such as a class for the form of the reply.
    """
    parts: list[object] = [settings.get("seed") is not None]
    for name, value in settings.items():
        if name in _OWN_OF_A_CALL:
            continue
        kind = type(value)
        if kind not in _SCALARS:
            try:
                value = json.dumps(value)
            except TypeError:
                return None
        parts += (name, kind, value)
    return tuple(parts)


def _key(lm: dspy.LM, settings: Key, prompt: list[Any]) -> Key:
    # A copy of a language model may have another engine.
    engines = id(lm._engine_spec), id(lm._async_engine_spec)
    return lm.model, type(lm), engines, settings, *map(_hashable, prompt)


def _hashable(part: Any) -> object:
    return tuple(part.items()) if type(part) is dict else part


def _roles(messages: list[JsonObject]) -> list[Any]:
    return [message.get("role") for message in messages]
