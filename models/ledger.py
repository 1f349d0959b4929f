"""The ledger of a run: every finished model call, so that a resumed run repeats no call.

A ledger is a JSON Lines file. The key of a call contains everything that determines its outcome:
model, messages, sampling settings and rollout. Unlike a cache hit, a restored call counts with its
original usage. A second file, `messages.jsonl`, holds each message once, so that the exact prompt
of every call can be read again.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..util.arguments import check_argument
from ..util.files import JsonlWriter
from ..util.json_types import JsonObject
from .call import Call
from .exchange import Exchange, make_exchange, message_key
from .ledger_line import read_ledger, read_messages
from .scope import in_scope, scoped

SHARED_KEY = "shared"
"""Marks a call that was copied from another ledger and not made for this one."""

QUESTION_KEY = "question"
"""Names the question that a call was made for, by its key in the run."""

STEP_KEY = "step"
"""Numbers the step of a question that is answered in steps, such as a game."""

MESSAGES_FILE = "messages.jsonl"


class Ledger:
    """The calls of one run, in an append-only file.

    Raises:
        CopeError: when the file cannot be written, or one of its lines is damaged.
    """

    def __init__(self, path: Path) -> None:
        check_argument("Ledger(path)", path, Path, "the Path of a file")
        self._entries: dict[str, JsonObject] = {}
        self.earlier_calls: list[JsonObject] = []
        """The calls of earlier runs, including cancelled ones, without those of other ledgers."""
        for entry in read_ledger(path):
            if not entry.get(SHARED_KEY):
                self.earlier_calls.append(entry["call"])
            if entry["key"]:
                self._entries[entry["key"]] = entry
        self._writer = JsonlWriter(path)
        self._messages = MessageStore(path.with_name(MESSAGES_FILE))

    def get(self, key: str) -> JsonObject | None:
        """Return the entry with a key; None without one."""
        return self._entries.get(key)

    def put(self, key: str, entry: JsonObject, exchange: Exchange | None = None) -> None:
        """Append an entry, with its question, and the messages and the settings of its call."""
        entry = {"key": key, **entry}
        question = in_scope("question_key")
        if question is not None:
            entry[QUESTION_KEY] = question
        step = in_scope("step")
        if step is not None:
            entry[STEP_KEY] = step
        if exchange is not None:
            entry["messages"] = self._messages.add(exchange.messages)
            entry["settings"] = exchange.settings
        self._writer.append(entry)
        self._entries[key] = entry

    def restored(self, key: str, exchange: Exchange) -> None:
        """Receive that the entry of `get` was used, with what its call sent."""

    def add_cancelled(self, call: JsonObject) -> None:
        """Append a cancelled call, which was paid for and has no output to return later."""
        self._writer.append({"key": "", "call": call, "outputs": []})

    def close(self) -> None:
        self._writer.close()
        self._messages.close()


class MessageStore:
    """The messages of a ledger's calls, each once, in an append-only file."""

    def __init__(self, path: Path) -> None:
        self._known: set[str] = set()
        for entry in read_messages(path):
            self._known.add(entry["key"])
        self._writer = JsonlWriter(path)

    def add(self, messages: Sequence[JsonObject]) -> list[str]:
        """Append the messages that are new, and return the keys of all."""
        keys = []
        for message in messages:
            key = message_key(message)
            if key not in self._known:
                self._writer.append({"key": key, "message": message})
                self._known.add(key)
            keys.append(key)
        return keys

    def close(self) -> None:
        self._writer.close()


def read_exchanges(path: Path) -> Iterator[tuple[Call, Exchange]]:
    """Yield each call of a ledger's file with the messages, settings and reply.

    Calls of earlier versions, which kept no messages, and cancelled calls are left out.

    Raises:
        CopeError: when a line of one of the two files is damaged, or a message is missing.
    """
    for entry, exchange in _entries_with_exchanges(path):
        yield Call.from_dict(entry["call"]), exchange


def read_exchanges_by_question(path: Path) -> dict[str, list[tuple[Call, Exchange]]]:
    """Return the calls of a ledger's file by the key of their question, see `read_exchanges`.

    Calls of earlier versions, which name no question, are left out.
    """
    questions: dict[str, list[tuple[Call, Exchange]]] = {}
    for entry, exchange in _entries_with_exchanges(path):
        if QUESTION_KEY in entry:
            call = Call.from_dict(entry["call"])
            questions.setdefault(entry[QUESTION_KEY], []).append((call, exchange))
    return questions


def question_of_calls(key: str) -> AbstractContextManager[None]:
    """Note in a ledger that calls made inside are for a question, by its key in the run."""
    return scoped("question_key", key)


def step_of_calls(number: int) -> AbstractContextManager[None]:
    """Note in a ledger that calls made inside are for a step of the question, from 1."""
    return scoped("step", number)


def _entries_with_exchanges(path: Path) -> Iterator[tuple[JsonObject, Exchange]]:
    messages: dict[str, JsonObject] = {}
    file = path.with_name(MESSAGES_FILE)
    for entry in read_messages(file, repair=False):
        messages[entry["key"]] = entry["message"]
    for entry in read_ledger(path, repair=False):
        if "messages" not in entry:
            continue
        keys = entry["messages"]
        missing = [key for key in keys if key not in messages]
        if missing:
            raise CopeError(f"{file} has no message {missing[0]}, which a call of {path} sent")
        prompt = [messages[key] for key in keys]
        exchange = make_exchange(prompt, entry.get("settings", {}), entry["outputs"])
        yield entry, replace(exchange, step=entry.get(STEP_KEY))


def call_key(model: str, messages: Any, settings: dict[str, Any]) -> str:
    """Return a digest of everything that determines a call's outcome. An API key does not."""
    settings = {name: value for name, value in settings.items() if name != "api_key"}
    content = json.dumps(
        [model, messages, settings], sort_keys=True, ensure_ascii=False, default=repr
    )
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def stored_call(
    ledger: Ledger, key: str, model: str, messages: Any, settings: dict[str, Any]
) -> JsonObject | None:
    """Return the entry of a call; None without one.

    The same call with log-probabilities answers one without them.

    Args:
        ledger: the ledger.
        key: the call's key.
        model: the model's name.
        messages: what is sent.
        settings: the settings of the call.
    """
    entry = ledger.get(key)
    if entry is None and not settings.get("logprobs"):
        entry = ledger.get(call_key(model, messages, settings | {"logprobs": True}))
    return entry


def current_ledger() -> Ledger | None:
    """Return the ledger of the current context."""
    return in_scope("ledger")


def use_ledger(ledger: Ledger | None) -> AbstractContextManager[None]:
    """Write calls made inside to a ledger, and answer from it the calls that it already contains.

    Calls of DSPy's Evaluate and its optimizers are included.
    """
    check_argument("use_ledger(ledger)", ledger, Ledger, "an open Ledger", optional=True)
    return scoped("ledger", ledger)
