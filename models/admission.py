"""An allowance: what may stop model calls before they are made, such as the budget of a compile."""

from contextlib import AbstractContextManager
from typing import Protocol

from .meter import Call
from .scope import in_scope, scoped


class Halt(BaseException):
    """Ends all work in progress at once. No `except Exception` on the way, such as an optimizer's, goes on after it."""


class Allowance(Protocol):
    """Asked before every call that a model would answer; what a ledger or cache answers is free."""

    def admit(self) -> None:
        """Let a call begin.

        Raises:
            Halt: when no further one may.
        """
        ...

    def failed(self, call: Call, error: Exception) -> None:
        """Take note that an admitted call failed; it is settled nevertheless.

        Raises:
            Halt: when the error is no reason to try others.
        """
        ...

    def settle(self, call: Call) -> None:
        """Take note of what an admitted call used in the end."""
        ...


def current_allowance() -> Allowance | None:
    return in_scope("allowance")


def allowed_by(allowance: Allowance | None) -> AbstractContextManager[None]:
    """Calls made inside ask this allowance first, also those that DSPy's optimizers make in threads of their own."""
    return scoped("allowance", allowance)
