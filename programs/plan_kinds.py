"""The registry of kinds of plans, those of other packages and of scripts included."""

from typing import TYPE_CHECKING

from ..errors import suggest_names
from ..util.registry import Registry

if TYPE_CHECKING:
    from ..signatures import PlanKind


def _check(kind: object) -> None:
    """Raise `TypeError` or `ValueError` when an object is not a kind of plan."""
    from ..signatures import PlanKind

    if not isinstance(kind, PlanKind):
        raise TypeError(f"a {type(kind).__name__} is no PlanKind")
    for domain, signature in kind.signatures.items():
        if list(signature.output_fields) != [kind.name]:
            raise ValueError(f"its signature for {domain} must have the one output {kind.name!r}")


PLAN_KINDS: "Registry[PlanKind]" = Registry("plan kind", "cope.plan_kinds", _check)


def known_plan_kind(name: str) -> str:
    """Return the name of a kind of plan.

    Raises:
        ValueError: when there is none with this name, with the nearest one.
    """
    if name not in PLAN_KINDS:
        raise ValueError(f"no plan kind is named {name!r}: {suggest_names(name, PLAN_KINDS)}")
    return name
