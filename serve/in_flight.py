"""Count the running requests of each key: in this process, or over all processes of a server."""

import os
import sqlite3
from collections import Counter
from typing import Protocol

import psutil

from .accounts import Account, Accounts
from .errors import ApiError

_SAME_START = 1.0
"""Seconds by which two readings of a process's start may differ, because clocks are set."""


class InFlight(Protocol):
    """Counts running requests."""

    def enter(self, account: Account | None) -> None:
        """Count a request that begins.

        Raises:
            ApiError: 429 when as many run as the key may have.
        """
        ...

    def leave(self, account: Account | None) -> None:
        """Count a request that ended."""
        ...


class InFlightHere:
    """Counts the running requests of this process."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()

    def enter(self, account: Account | None) -> None:
        """Count a request that begins, see `InFlight`."""
        if account is None:
            return
        most = account.limits.in_flight
        if most is not None and self._running[account.name] >= most:
            raise _too_many(account.name, most)
        self._running[account.name] += 1

    def leave(self, account: Account | None) -> None:
        """Count a request that ended."""
        if account is not None:
            self._running[account.name] -= 1


class InFlightTogether:
    """Counts the running requests of several processes in the file of the keys.

    Keys without such a limit are not counted. A process that was killed leaves its rows behind:
    they are dropped when they would keep a request out.

    Args:
        database: that of the accounts.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._process = os.getpid(), psutil.Process().create_time()
        database.execute("DELETE FROM running WHERE count = 0")

    def enter(self, account: Account | None) -> None:
        """Count a request that begins, see `InFlight`."""
        most = None if account is None else account.limits.in_flight
        if account is None or most is None:
            return
        name = account.name
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            if self._running(name) >= most:
                self._drop_dead(name)
            is_allowed = self._running(name) < most
            if is_allowed:
                self._database.execute(
                    "INSERT INTO running VALUES (?, ?, ?, 1) "
                    "ON CONFLICT (name, pid, started) DO UPDATE SET count = count + 1",
                    (name, *self._process),
                )
        if not is_allowed:
            raise _too_many(name, most)

    def leave(self, account: Account | None) -> None:
        """Count a request that ended."""
        if account is None or account.limits.in_flight is None:
            return
        self._database.execute(
            "UPDATE running SET count = count - 1 WHERE name = ? AND pid = ? AND started = ?",
            (account.name, *self._process),
        )

    def _running(self, name: str) -> int:
        query = "SELECT TOTAL(count) FROM running WHERE name = ?"
        return int(self._database.execute(query, (name,)).fetchone()[0])

    def _drop_dead(self, name: str) -> None:
        """Drop the rows of processes that run no more."""
        query = "SELECT pid, started FROM running WHERE name = ?"
        for pid, started in self._database.execute(query, (name,)).fetchall():
            if (pid, started) != self._process and not _runs(pid, started):
                self._database.execute(
                    "DELETE FROM running WHERE name = ? AND pid = ? AND started = ?",
                    (name, pid, started),
                )


def _runs(pid: int, started: float) -> bool:
    """Return whether a process still runs: another one may have its id by now."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < _SAME_START
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _too_many(name: str, most: int) -> ApiError:
    return ApiError(
        429,
        f"the key {name!r} may have {most} requests in flight",
        "rate_limit_error",
        code="rate_limit_exceeded",
        retry_after=1,
    )


def make_in_flight(accounts: Accounts, workers: int) -> InFlight:
    """Return what counts the running requests of a server with a number of processes."""
    return InFlightHere() if workers == 1 else InFlightTogether(accounts.database)
