"""Who may ask: keys, their limits, and the budget of the server."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_dir

from ..errors import CopeError
from ..models.spending import SpendingGate
from ..programs import Cascade
from .accounts import Account, Accounts
from .errors import ApiError

_SCHEME = "bearer "


@dataclass(frozen=True)
class Access:
    """Lets requests in by their keys.

    Attributes:
        accounts: the keys and what they spent.
        needs_key: whether a request must have a key.
        budget: USD that all requests together may cost, those before a restart included; None for
            no limit.
    """

    accounts: Accounts
    needs_key: bool = False
    budget: float | None = None

    def account(self, headers: Mapping[str, str]) -> Account | None:
        """Return whose request it is; None where no key is needed.

        Raises:
            ApiError: 401 when the key is missing or wrong.
        """
        if not self.needs_key:
            return None
        header = headers.get("authorization", "")
        if not header.lower().startswith(_SCHEME):
            raise _refused("send an API key: Authorization: Bearer KEY")
        account = self.accounts.find(header[len(_SCHEME) :].strip())
        if account is None:
            raise _refused("this API key is not known: cope keys add NAME makes one")
        return account

    def gate(self, account: Account | None) -> SpendingGate | None:
        """Return the gate for the calls of a request.

        Raises:
            ApiError: 429 when the budget is used up already. No model is called then.
        """
        gate = self.accounts.gate(account, self.budget)
        if gate is not None:
            gate.check()
        return gate


def _refused(message: str) -> ApiError:
    return ApiError(401, message, "authentication_error", code="invalid_api_key")


def check_prices(access: Access, program: Cascade) -> None:
    """Raise `CopeError` when money is limited and a tier of a program has no known price."""
    limited = [account for account in access.accounts.all() if account.limits.has_money]
    if access.budget is None and not limited:
        return
    unknown = [tier for tier in program.preset.tiers if program.team[tier].lm.price is None]
    if unknown:
        options = " ".join(f"--price {tier}=IN/OUT" for tier in unknown)
        raise CopeError(
            f"a budget needs the price of each tier: give {options} in USD per million tokens, "
            "0/0 for a tier that is free"
        )


def open_accounts(path: Path | None) -> Accounts:
    """Open a file of keys; None is the one in the user's data folder.

    Raises:
        CopeError: when the file cannot be read.
    """
    return Accounts(path or Path(user_data_dir("cope")) / "keys.sqlite")


def is_private(host: str) -> bool:
    """Return whether only this machine reaches a server that binds to an address.

    >>> is_private("127.0.0.1"), is_private("localhost"), is_private("0.0.0.0"), is_private("::1")
    (True, True, False, True)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_access(path: Path | None, host: str, budget: float | None) -> Access:
    """Return who may ask a server that binds to an address.

    Keys are needed when there are any, and wherever other machines can reach the server.

    Args:
        path: the file of keys; None is the one in the user's data folder.
        host: the address.
        budget: USD that all requests together may cost; None for no limit.

    Raises:
        CopeError: when other machines can reach the server and there is no key.
    """
    accounts = open_accounts(path)
    has_keys = bool(accounts.all())
    if not is_private(host) and not has_keys:
        raise CopeError(
            f"other machines can reach {host}, and there is no key: make one with "
            "cope keys add NAME, or leave out --host"
        )
    return Access(accounts, has_keys, budget)
