"""The keys of a server as a table and as plain data."""

from dataclasses import asdict

from ..util.json_types import JsonObject
from ..util.text import format_usd
from .accounts import Account, Accounts


def accounts_document(accounts: Accounts) -> JsonObject:
    """Return all keys with their limits and what they spent in USD; no secrets."""
    keys = []
    for account in accounts.all():
        keys.append(asdict(account) | {"spent_usd": accounts.spent(account.name)})
    return {"keys": keys}


def accounts_text(accounts: Accounts) -> str:
    """Return one line for each key.

    >>> from .accounts import Limits
    >>> accounts = Accounts(":memory:")
    >>> _ = accounts.add("mary", Limits(day_usd=1.5))
    >>> accounts_text(accounts)
    'mary  spent $0  $1.50 a day'
    """
    lines = []
    for account in accounts.all():
        spent = format_usd(accounts.spent(account.name))
        lines.append("  ".join([account.name, f"spent {spent}", *_limits(account)]))
    return "\n".join(lines) or "no keys: cope keys add NAME makes one"


def _limits(account: Account) -> list[str]:
    limits = account.limits
    parts = []
    if limits.day_usd is not None:
        parts.append(f"{format_usd(limits.day_usd)} a day")
    if limits.total_usd is not None:
        parts.append(f"{format_usd(limits.total_usd)} in all")
    if limits.per_minute is not None:
        parts.append(f"{limits.per_minute} requests a minute")
    if limits.in_flight is not None:
        parts.append(f"{limits.in_flight} in flight")
    return parts
