"""Admission control: decide before each model call whether it may be made."""

from contextlib import AbstractContextManager
from typing import Protocol

from .call import Call
from .scope import in_scope, scoped


class Halt(BaseException):
    """Aborts all work in progress.

    It derives from `BaseException` so that an optimizer's `except Exception` cannot swallow it.
    """


class AdmissionControl(Protocol):
    """Admits or stops every call of a model. Answers from a ledger or cache are free."""

    def before_call(self) -> None:
        """Admit a call.

        Raises:
            Halt: when no further call may be made.
        """
        ...

    def on_error(self, call: Call, error: Exception) -> None:
        """Handle an error of an admitted call. `after_call` is called afterwards.

        Raises:
            Halt: when further calls would fail in the same way.
        """
        ...

    def after_call(self, call: Call) -> None:
        """Add the usage of an admitted call."""
        ...


def current_admission_control() -> AdmissionControl | None:
    """Return the admission control of the current context."""
    return in_scope("admission_control")


def admission_control(control: AdmissionControl | None) -> AbstractContextManager[None]:
    """Apply `control` to all calls made inside, including those in threads of DSPy's optimizers."""
    return scoped("admission_control", control)
