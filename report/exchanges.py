"""The exact messages, settings and reply of calls, as plain data of bounded size for the page."""

import json
from typing import Any

from ..models import Call
from ..models.exchange import Exchange, message_key
from .sources.base import Calls

_MAX_PAGE_CHARS = 30_000_000  # of messages and replies, before they are compressed
_MAX_TEXT_CHARS = 20_000  # of one message or reply
_ROLES = ("plan", "reason", "other")


class ExchangePages:
    """Turn calls into plain data, in which a message is stored once for each part of the page.

    Args:
        most: the number of characters of messages and replies that the page may hold.

    Attributes:
        messages: the messages of the part, each a role and a text. `begin_part` empties it.
    """

    def __init__(self, most: int = _MAX_PAGE_CHARS) -> None:
        self._left = most
        self.begin_part()

    def begin_part(self) -> None:
        """Begin with a table of messages that is empty."""
        self.messages: list[list[str]] = []
        self._places: dict[str, int] = {}

    def details(self, calls: Calls) -> dict[str, Any]:
        """Return the calls of a question.

        Returns:
            `calls` in the order of steps and rounds, plans first, and `calls_left_out`, the number
            of those that the page has no room for. Empty without a call.
        """
        found: dict[str, Any] = {}
        shown = [self._cells(call, exchange) for call, exchange in sorted(calls, key=_order)]
        kept = [cells for cells in shown if cells is not None]
        if kept:
            found["calls"] = kept
        if len(kept) < len(shown):
            found["calls_left_out"] = len(shown) - len(kept)
        return found

    def _cells(self, call: Call, exchange: Exchange) -> dict[str, Any] | None:
        """Return one call; None if the page has no room for it."""
        if self._left <= 0:
            return None
        settings = [f"{name} {_as_text(value)}" for name, value in exchange.settings.items()]
        reply = _bounded(exchange.reply or "")
        self._left -= len(reply)
        cells: dict[str, Any] = {
            "round": call.round,
            "role": call.role,
            "sample": call.sample,
            "tier": call.tier,
            "model": call.model,
            "settings": _bounded(", ".join(settings)),
            "messages": [self._place(message) for message in exchange.messages],
            "reply": reply,
        }
        if exchange.step is not None:
            cells["step"] = exchange.step
        return cells

    def _place(self, message: dict[str, Any]) -> int:
        """Return the place of a message in the part's table, and add it if it is new."""
        key = message_key(message)
        if key not in self._places:
            text = _bounded(_as_text(message.get("content")))
            self._left -= len(text)
            self._places[key] = len(self.messages)
            self.messages.append([str(message.get("role")), text])
        return self._places[key]


def _order(exchanged: tuple[Call, Exchange]) -> tuple[int, int, int, int]:
    call, exchange = exchanged
    sample = -1 if call.sample is None else call.sample
    return exchange.step or 0, call.round, _ROLES.index(call.role), sample


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _bounded(text: str) -> str:
    """Return a text, cut with a note if it is long."""
    more = len(text) - _MAX_TEXT_CHARS
    if more <= 0:
        return text
    return f"{text[:_MAX_TEXT_CHARS]}\n[{more:,} more characters are left out of the page]"
