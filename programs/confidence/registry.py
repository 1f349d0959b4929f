"""The registry of confidences, those of other packages included."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...errors import CopeError
from ...util.arguments import check_argument
from ...util.registry import Registry

if TYPE_CHECKING:
    from .base import Confidence


def _check(variant: object) -> None:
    if not callable(variant):
        raise TypeError("a confidence is registered by its class or by a function that makes it")


CONFIDENCES: Registry[Callable[[], "Confidence"]] = Registry(
    "confidence", "cope.confidences", _check
)
"""Functions without required arguments that make a confidence, by its `kind`."""


_FITTED = "logistic:"


def is_fitted_name(name: str) -> bool:
    """Return whether a name is that of a fitted confidence with its file, see `fitted.py`."""
    return name.startswith(_FITTED) and len(name) > len(_FITTED)


def confidence_by_name(name: str) -> "Confidence":
    """Make the confidence of this name, which may have an argument: `cisc:0.5`, `logistic:FILE`.

    A class takes an argument when it has the class method `with_argument`.

    Raises:
        CopeError: for an unknown name, with the nearest one; for an argument that is not valid, or
            that the confidence does not take; for a file that cannot be read; for a confidence that
            is registered under a name that is not its `kind`.

    >>> confidence_by_name("votes").single_sample_decides
    False
    """
    if is_fitted_name(name):
        from .logistic import LogisticConfidence

        return LogisticConfidence(name.removeprefix(_FITTED))
    base, colon, argument = name.partition(":")
    make = CONFIDENCES.by_name(base if base in CONFIDENCES else name)
    if colon:
        with_argument = getattr(make, "with_argument", None)
        if with_argument is None:
            raise CopeError(f"the confidence {base} takes no argument: write {base!r}")
        return with_argument(argument)
    confidence = make()
    if confidence.kind != name:
        raise CopeError(
            f"the confidence registered as {name!r} has the kind {confidence.kind!r}: "
            "give it one name"
        )
    return confidence


def check_confidence(confidence: object) -> None:
    """Raise an error unless the confidence of a cascade is None or an object with its methods.

    Raises:
        CopeError: for a name or a class.
    """
    if isinstance(confidence, type) or not hasattr(confidence, "tally"):
        remedy = "an object such as VoteShare(), or name a confidence in the preset's rounds"
        check_argument("Cascade(confidence)", confidence, (), remedy, optional=True)


def round_confidence(name: str | None, default: "Confidence") -> "Confidence":
    """Return the confidence that a round names, or the default when it names none or this kind."""
    if name is None or name == getattr(default, "kind", None):
        return default
    return confidence_by_name(name)
