"""Register the kinds of answers by name: built-in, from other packages, or added by a script."""

from typing import TYPE_CHECKING

from ...util.registry import Registry

if TYPE_CHECKING:
    from .base import AnswerKind

_MEMBERS = ("name", "parse", "equal_by_normal_form", "equal_async", "group_async")


def _check(kind: object) -> None:
    """Raise `TypeError` when an object is not an `AnswerKind`."""
    missing = [name for name in _MEMBERS if not hasattr(kind, name)]
    if missing:
        raise TypeError(f"it is no AnswerKind: it has no {' and no '.join(missing)}")


def comparison_sentence(name: str) -> str:
    """Return how answers of a kind are compared, for tables.

    >>> comparison_sentence("number")
    'answers are compared as numbers'
    """
    how = getattr(ANSWER_KINDS.by_name(name), "comparison", None) or f"as {name}"
    return f"answers are compared {how}"


def compares_texts(name: str) -> bool:
    """Return whether answers of a kind are texts that are compared, and not programs that run.

    >>> compares_texts("number"), compares_texts("code")
    (True, False)
    """
    return not getattr(ANSWER_KINDS.by_name(name), "runs_programs", False)


ANSWER_KINDS: "Registry[AnswerKind]" = Registry("kind of answers", "cope.answer_kinds", _check)
