"""API keys with their limits and what they spent, in one SQLite file that outlives the server."""

import hashlib
import hmac
import math
import re
import secrets
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import CopeError
from ..models.budget import unknown_cost_error
from ..models.call import Call
from ..models.spending import SpendingGate, ignore_call
from ..util.text import format_usd
from .errors import ApiError, OutOfBudget

EVERYBODY = "*"
"""The account to which the calls of all keys are booked."""

_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
    name TEXT PRIMARY KEY, hash TEXT UNIQUE NOT NULL, day_usd REAL, total_usd REAL,
    per_minute INTEGER, in_flight INTEGER, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spent (
    name TEXT NOT NULL, day TEXT NOT NULL, usd REAL NOT NULL, PRIMARY KEY (name, day));
CREATE TABLE IF NOT EXISTS requests (name TEXT NOT NULL, time REAL NOT NULL);
CREATE INDEX IF NOT EXISTS request_times ON requests (name, time);
CREATE TABLE IF NOT EXISTS running (
    name TEXT NOT NULL, pid INTEGER NOT NULL, started REAL NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (name, pid, started));
"""
_PREFIX = "cope-"
MOST_NAME = 64
_NAME = re.compile(rf"[^\W_][\w.@+-]{{0,{MOST_NAME - 1}}}")
"""Names of keys. Accounts of the server itself begin with a star, such as `EVERYBODY`."""
_MINUTE = 60.0


@dataclass(frozen=True)
class Limits:
    """What a key may use; None is no limit.

    Attributes:
        day_usd: USD in a day, which begins at midnight UTC.
        total_usd: USD in all.
        per_minute: requests in any 60 seconds.
        in_flight: requests at once.
    """

    day_usd: float | None = None
    total_usd: float | None = None
    per_minute: int | None = None
    in_flight: int | None = None

    @property
    def has_money(self) -> bool:
        """Whether it limits money."""
        return self.day_usd is not None or self.total_usd is not None


@dataclass(frozen=True)
class Account:
    """A key without its secret.

    Attributes:
        name: the name that its owner gave it.
        limits: what it may use.
        created: when it was made, UTC.
    """

    name: str
    limits: Limits
    created: str


class Accounts:
    """Keys, limits and spending in one file. Keys are stored as SHA-256 hashes.

    A key has 256 random bits, so a fast hash is enough: nobody can try them all. Every booking is
    committed before the next call is let through, so that neither a restart nor `kill -9` loses
    more than the calls in flight.

    Args:
        path: the file, which is made when it is missing; `:memory:` for none.

    Attributes:
        database: the file; statements are committed at once, outside of transactions.

    Raises:
        CopeError: when the file cannot be read.

    >>> accounts = Accounts(":memory:")
    >>> secret = accounts.add("mary", Limits(day_usd=1.0))
    >>> accounts.find(secret).name, accounts.find("cope-wrong")
    ('mary', None)
    """

    def __init__(self, path: Path | str) -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        try:
            self.database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self.database.execute("PRAGMA journal_mode = WAL")
            self.database.execute("PRAGMA synchronous = NORMAL")
            self.database.executescript(_TABLES)
        except sqlite3.Error as error:
            raise CopeError(f"cannot read the keys in {path}: {error}") from None
        if str(path) != ":memory:":
            Path(path).chmod(0o600)
        self._known: list[tuple[str, Account]] | None = None
        self._version = 0

    def add(self, name: str, limits: Limits) -> str:
        """Make a key and return its secret, which nothing can show again.

        Raises:
            CopeError: when there is a key with this name, for a name that is no word, and for an
                amount of money that is no number.
        """
        if not _NAME.fullmatch(name):
            raise CopeError(
                "a key's name has letters, digits and . _ @ + - only, begins with a letter or a "
                f"digit, and has at most {MOST_NAME} characters"
            )
        for amount in (limits.day_usd, limits.total_usd):
            if amount is not None and not math.isfinite(amount):
                raise CopeError("a limit of money is a number of USD: leave it out for no limit")
        secret = _PREFIX + secrets.token_urlsafe(32)
        row = (
            name,
            _hash(secret),
            limits.day_usd,
            limits.total_usd,
            limits.per_minute,
            limits.in_flight,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        try:
            self.database.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise CopeError(
                f"there is a key {name!r} already: remove it, or take another name"
            ) from None
        self._known = None
        return secret

    def remove(self, name: str) -> None:
        """Remove a key; what it spent stays.

        Raises:
            CopeError: when there is none with this name.
        """
        if not self.database.execute("DELETE FROM keys WHERE name = ?", (name,)).rowcount:
            raise CopeError(f"there is no key {name!r}: see cope keys list")
        self._known = None

    def all(self) -> list[Account]:
        """Return all keys, the oldest first."""
        return [account for _, account in self._hashes()]

    def _hashes(self) -> list[tuple[str, Account]]:
        """Return all keys with their hashes, read again only when another process changed them."""
        version = self.database.execute("PRAGMA data_version").fetchone()[0]
        if self._known is None or version != self._version:
            rows = self.database.execute(
                "SELECT hash, name, created, day_usd, total_usd, per_minute, in_flight FROM keys "
                "ORDER BY created, name"
            )
            self._known = [(row[0], Account(row[1], Limits(*row[3:]), row[2])) for row in rows]
            self._version = version
        return self._known

    def find(self, secret: str) -> Account | None:
        """Return the key with a secret; None when there is none.

        Hashes are compared, each with all, so the time that it takes tells nothing about a secret.
        """
        wanted = _hash(secret)
        found = None
        for known, account in self._hashes():
            if hmac.compare_digest(known, wanted):
                found = account
        return found

    def spent(self, name: str, day: str | None = None) -> float:
        """Return what an account spent in USD, on a day such as `2026-11-28` or in all."""
        query, values = "SELECT TOTAL(usd) FROM spent WHERE name = ?", [name]
        if day is not None:
            query, values = query + " AND day = ?", [name, day]
        return float(self.database.execute(query, values).fetchone()[0])

    def book(self, name: str, usd: float) -> None:
        """Add a cost to an account and to everybody's."""
        if not usd:
            return
        day = _today()
        with self.database:
            self.database.execute("BEGIN IMMEDIATE")
            self.database.executemany(
                "INSERT INTO spent VALUES (?, ?, ?) "
                "ON CONFLICT (name, day) DO UPDATE SET usd = usd + excluded.usd",
                [(account, day, usd) for account in sorted({name, EVERYBODY})],
            )

    def count_request(self, account: Account | None) -> None:
        """Count a request of a key; None is a request without a key.

        Raises:
            ApiError: 429 when the key sent too many in the last minute.
        """
        most = None if account is None else account.limits.per_minute
        if account is None or most is None:
            return
        now = time.time()
        with self.database:
            self.database.execute("BEGIN IMMEDIATE")
            self.database.execute("DELETE FROM requests WHERE time < ?", (now - _MINUTE,))
            query = "SELECT COUNT(*), MIN(time) FROM requests WHERE name = ?"
            count, first = self.database.execute(query, (account.name,)).fetchone()
            if count < most:
                self.database.execute("INSERT INTO requests VALUES (?, ?)", (account.name, now))
                return
        raise ApiError(
            429,
            f"the key {account.name!r} may send {most} requests a minute",
            "rate_limit_error",
            code="rate_limit_exceeded",
            retry_after=max(1, round(first + _MINUTE - now)),
        )

    def gate(self, account: Account | None, most: float | None) -> SpendingGate | None:
        """Return the gate through which the calls of a request go; None without any limit.

        Args:
            account: whose request it is; None when keys are not needed.
            most: USD that all requests together may cost; None for no limit.
        """
        name = EVERYBODY if account is None else account.name
        limits = Limits() if account is None else account.limits

        def left() -> float:
            rest = [float("inf")]
            if limits.day_usd is not None:
                rest.append(limits.day_usd - self.spent(name, _today()))
            if limits.total_usd is not None:
                rest.append(limits.total_usd - self.spent(name))
            if most is not None:
                rest.append(most - self.spent(EVERYBODY))
            return min(rest)

        if account is None and most is None:
            return None
        return SpendingGate(
            limit=lambda: max(0.0, left()),
            spent=lambda: 0.0,  # `left` is what remains after all that was spent
            stopped=lambda: OutOfBudget(_out_of_budget(name, limits, most)),
            on_end=lambda call: self.book(name, cost_of(call)),
            on_answer=_check_cost if limits.has_money or most is not None else ignore_call,
        )


def cost_of(call: Call) -> float:
    """Return what a call costs now at most, as far as it is known."""
    never_sent = call.cancelled and not call.seconds
    if call.cache_hit or call.from_ledger or never_sent:
        return 0.0
    return call.cost.low if call.cost.high is None else call.cost.high


def _check_cost(call: Call) -> None:
    """Raise `CopeError` when nobody knows what a call costs, because no budget holds then."""
    if call.cost.high is None and not call.cache_hit and not call.from_ledger:
        has_tokens = call.prompt_tokens is not None and call.completion_tokens is not None
        raise unknown_cost_error(call.tier, has_tokens)


def _out_of_budget(name: str, limits: Limits, most: float | None) -> str:
    if name == EVERYBODY:
        return f"the budget of the server, {format_usd(most or 0.0)}, is used up"
    amounts = []
    if limits.day_usd is not None:
        amounts.append(f"{format_usd(limits.day_usd)} a day")
    if limits.total_usd is not None:
        amounts.append(f"{format_usd(limits.total_usd)} in all")
    text = ", ".join(amounts) or "the server has none left"
    return f"the budget of the key {name!r} is used up ({text})"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
