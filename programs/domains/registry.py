"""The kinds of questions by name: the project's own and those of other packages."""

from typing import TYPE_CHECKING

from ...util.registry import Registry

if TYPE_CHECKING:
    from .base import Domain


def _check(domain: object) -> None:
    from .base import Domain

    if not isinstance(domain, Domain):
        raise TypeError(f"a {type(domain).__name__} is no Domain")


DOMAINS: "Registry[Domain]" = Registry("kind of questions", "cope.domains", _check)

DEFAULT_DOMAIN = "short-answer"
"""The kind of questions of a program, record or caller that names none."""


def domain_by_name(name: str) -> "Domain":
    """Return a kind of questions.

    Raises:
        CopeError: when there is none with this name, with the nearest name.

    >>> domain_by_name("code").name
    'code'
    """
    return DOMAINS.by_name(name)
