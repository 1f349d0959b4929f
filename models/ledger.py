"""The ledger of a run: every finished model call, so that a resumed run repeats no call.

A ledger is a JSON Lines file. The key of a call contains everything that determines its outcome:
model, messages, sampling settings and rollout. Unlike a cache hit, a restored call counts with its
original usage.
"""

import hashlib
import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..util.files import JsonlWriter, read_jsonl
from ..util.json_types import JsonObject
from .scope import in_scope, scoped

SHARED_KEY = "shared"
"""Marks a call that was copied from another ledger and not made for this one."""


class Ledger:
    """The calls of one run, in an append-only file.

    Raises:
        CopeError: when the file cannot be written, or one of its lines is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._entries: dict[str, JsonObject] = {}
        self.earlier_calls: list[JsonObject] = []
        """The calls of earlier runs, including cancelled ones, without those of other ledgers."""
        for entry in read_jsonl(path):
            if not {"key", "call", "outputs"} <= entry.keys():
                raise CopeError(
                    f"{path} is not a record of calls: move it away and run the command again"
                )
            if not entry.get(SHARED_KEY):
                self.earlier_calls.append(entry["call"])
            if entry["key"]:
                self._entries[entry["key"]] = entry
        self._writer = JsonlWriter(path)

    def get(self, key: str) -> JsonObject | None:
        """Return the entry with a key; None without one."""
        return self._entries.get(key)

    def put(self, key: str, entry: JsonObject) -> None:
        """Append an entry."""
        entry = {"key": key, **entry}
        self._writer.append(entry)
        self._entries[key] = entry

    def add_cancelled(self, call: JsonObject) -> None:
        """Append a cancelled call, which was paid for and has no output to return later."""
        self._writer.append({"key": "", "call": call, "outputs": []})

    def close(self) -> None:
        self._writer.close()


def call_key(model: str, messages: Any, settings: dict[str, Any]) -> str:
    """Return a digest of everything that determines a call's outcome. An API key does not."""
    settings = {name: value for name, value in settings.items() if name != "api_key"}
    content = json.dumps(
        [model, messages, settings], sort_keys=True, ensure_ascii=False, default=repr
    )
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def current_ledger() -> Ledger | None:
    """Return the ledger of the current context."""
    return in_scope("ledger")


def use_ledger(ledger: Ledger | None) -> AbstractContextManager[None]:
    """Write calls made inside to a ledger, and answer from it the calls that it already contains.

    Calls of DSPy's Evaluate and its optimizers are included.
    """
    return scoped("ledger", ledger)
