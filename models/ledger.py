"""Every finished model call of a run, appended as it is made, so that an interrupted run asks nothing twice.

A ledger is a JSON Lines file. A call is keyed by all that decides its outcome: model, messages, sampling settings and
rollout. A restored call counts with what it used when it was made, unlike a cache hit.
"""

import hashlib
import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..util.files import JsonlWriter, read_jsonl
from .scope import in_scope, scoped


class Ledger:
    """The calls of one run, in a file that grows.

    Raises:
        CopeError: when the file cannot be written, or a line in it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._entries: dict[str, dict[str, Any]] = {}
        self.earlier_calls: list[dict[str, Any]] = []
        """What the calls of earlier runs used, those that were stopped early included."""
        for entry in read_jsonl(path):
            if not {"key", "call", "outputs"} <= entry.keys():
                raise CopeError(
                    f"{path} is not a record of calls: move it away and run the command again"
                )
            self.earlier_calls.append(entry["call"])
            if entry["key"]:
                self._entries[entry["key"]] = entry
        self._writer = JsonlWriter(path)

    def get(self, key: str) -> dict[str, Any] | None:
        return self._entries.get(key)

    def put(self, key: str, entry: dict[str, Any]) -> None:
        entry = {"key": key, **entry}
        self._writer.append(entry)
        self._entries[key] = entry

    def add_cancelled(self, call: dict[str, Any]) -> None:
        """Keep what a call used that was stopped early: it was paid for, and there is nothing to answer again with."""
        self._writer.append({"key": "", "call": call, "outputs": []})

    def close(self) -> None:
        self._writer.close()


def call_key(model: str, messages: Any, settings: dict[str, Any]) -> str:
    """A digest of all that decides a call's outcome; a key that was renewed since does not."""
    settings = {name: value for name, value in settings.items() if name != "api_key"}
    content = json.dumps(
        [model, messages, settings], sort_keys=True, ensure_ascii=False, default=repr
    )
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def current_ledger() -> Ledger | None:
    return in_scope("ledger")


def use_ledger(ledger: Ledger | None) -> AbstractContextManager[None]:
    """Calls made inside are written to this ledger, and answered from it where it holds them; also those that DSPy's
    Evaluate and its optimizers make."""
    return scoped("ledger", ledger)
