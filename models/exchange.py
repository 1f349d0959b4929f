"""What was sent in a call and what came back: messages, settings and reply."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ..util.json_types import JsonObject

_SETTINGS = (
    "temperature max_tokens max_completion_tokens top_p stop seed rollout_id logprobs "
    "response_format reasoning_effort"
).split()
"""The settings that decide a reply; no address and no key is among them."""

_PLAIN = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The content of one call.

    Attributes:
        messages: the messages as they were sent, each with `role` and `content`.
        settings: the settings that decide the reply, such as `temperature`.
        reply: the text of the reply; None for a cancelled call.
        step: the step of a game that the call is for; None for another question.
    """

    messages: tuple[JsonObject, ...]
    settings: JsonObject
    reply: str | None
    step: int | None = None

    def text(self) -> str:
        """Return messages, settings and reply as text for people."""
        parts = [f"[{message.get('role')}]\n{_content(message)}" for message in self.messages]
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        parts.append(f"[reply; {settings}]\n{'(cancelled)' if self.reply is None else self.reply}")
        return "\n".join(parts)


def make_exchange(prompt: object, settings: Mapping[str, Any], outputs: object) -> Exchange:
    """Return the exchange of a call.

    Args:
        prompt: the messages, or a text for one message of the user.
        settings: the arguments of the call.
        outputs: the outputs as DSPy returns them, a list or a response; an empty list for a
            cancelled call.

    >>> make_exchange("What is 6 times 7?", {"temperature": 0.0, "api_key": "x"}, ["42"]).settings
    {'temperature': 0.0}
    """
    chosen: JsonObject = {}
    for name in _SETTINGS:
        value = settings.get(name)
        if value is not None:
            chosen[name] = value if type(value) in _PLAIN else _as_json(value)
    return Exchange(as_messages(prompt), chosen, _reply(outputs))


def as_messages(prompt: object) -> tuple[JsonObject, ...]:
    """Return a prompt as messages; none for a request object of DSPy's, which is not text."""
    if isinstance(prompt, str):
        return ({"role": "user", "content": prompt},)
    if not isinstance(prompt, list | tuple):
        return ()
    messages: list[JsonObject] = []
    for message in prompt:
        if isinstance(message, dict) and set(map(type, message.values())) == {str}:
            messages.append(dict(message))
            continue
        plain = _as_json(message)
        if not isinstance(plain, dict):  # an object of DSPy's or of the user's
            plain = {"role": str(getattr(message, "role", "user")), "content": str(plain)}
        messages.append(plain)
    return tuple(messages)


def _as_json(value: Any) -> Any:
    """Return a value as JSON has it, because a ledger stores it.

    A class of pydantic, such as a `response_format`, becomes its schema, and another object its
    `repr`.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    return json.loads(json.dumps(value, default=_describe))


def _describe(value: object) -> Any:
    if isinstance(value, type) and issubclass(value, BaseModel):
        return value.model_json_schema()
    return repr(value)


def message_key(message: JsonObject) -> str:
    """Return a short digest of a message, under which a ledger stores it once."""
    content = json.dumps(message, sort_keys=True, ensure_ascii=False, default=repr)
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]


def _reply(outputs: object) -> str | None:
    if not isinstance(outputs, list):
        return str(getattr(outputs, "text", None) or "")
    if not outputs:
        return None
    first = outputs[0]
    return str(first.get("text") or "") if isinstance(first, dict) else str(first)


def _content(message: JsonObject) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
