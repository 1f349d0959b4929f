"""Admission control: what may stop model calls before they are made, such as the budget of a compile."""

from contextlib import AbstractContextManager
from typing import Protocol

from .call import Call
from .scope import in_scope, scoped


class Halt(BaseException):
    """Aborts all work in progress. It derives from `BaseException` so that an optimizer's `except Exception` cannot swallow it."""


class AdmissionControl(Protocol):
    """Asked before every call that a model would answer; what a ledger or cache answers is free."""

    def before_call(self) -> None:
        """Let a call begin.

        Raises:
            Halt: when no further one may.
        """
        ...

    def on_error(self, call: Call, error: Exception) -> None:
        """Note that an admitted call failed. `after_call` follows nevertheless.

        Raises:
            Halt: when the error is no reason to try others.
        """
        ...

    def after_call(self, call: Call) -> None:
        """Note what an admitted call used in the end."""
        ...


def current_admission_control() -> AdmissionControl | None:
    return in_scope("admission_control")


def admission_control(control: AdmissionControl | None) -> AbstractContextManager[None]:
    """Ask `control` before every call made inside, also those that DSPy's optimizers make in threads of their own."""
    return scoped("admission_control", control)
