"""Decide whether a reply gives the right answer."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, runtime_checkable

from ..util.arguments import check_argument
from .inference import infer_answer_kind
from .kinds.base import AnswerKind
from .kinds.registry import ANSWER_KINDS
from .short.phrase import phrase_form


@runtime_checkable
class AcceptsAnswers(Protocol):
    """A kind by which a right answer may accept another answer without being equal to it."""

    def accepts(self, gold: str, answer: str) -> bool:
        """Return whether an answer is right."""
        ...


async def is_right_async(kind: AnswerKind, gold: str, answer: str) -> bool:
    """Return whether an answer that was read from a reply is right.

    Args:
        kind: How answers are compared.
        gold: The right answer, as the data set has it.
        answer: The answer, as `kind.parse` returned it.
    """
    if isinstance(kind, AcceptsAnswers):
        return kind.accepts(gold, answer)
    return await kind.equal_async(gold, answer)


def is_right_by_form(kind: AnswerKind, gold: str, answer: str) -> bool | None:
    """Return whether an answer is right; None when only `is_right_async` can decide."""
    if isinstance(kind, AcceptsAnswers):
        return kind.accepts(gold, answer)
    return kind.equal_by_normal_form(gold, answer)


def matches(text: str, gold: str, kind: str | None = None) -> bool:
    r"""Return whether a reply gives the right answer: read it as a task would, then compare.

    Args:
        text: A model's reply, or an answer alone.
        gold: The right answer.
        kind: How answers are read and compared: `number`, `math`, `choice`, `text`, `list`, `date`,
            `contains`, `regex`, `exact`, or a kind of another package. None infers it from `gold`.

    Returns:
        False also where the reply holds no answer: it is a refusal, an error, a call of a tool, or
        was cut off in its thoughts.

    Raises:
        CopeError: There is no such kind; or `gold` is no regular expression, under `regex`.

    Example:
        >>> from cope.answers import matches
        >>> matches("3 boxes of 6 make 18 eggs.\nAnswer: 18 eggs", "18")
        True
        >>> matches("Option A or option C", "A"), matches("x = 5 or x = 8", "8", "math")
        (False, False)
    """
    check_argument("matches(text)", text, str, "the text of a reply")
    check_argument("matches(gold)", gold, str, "the right answer as a text")
    found = ANSWER_KINDS.by_name(kind or infer_answer_kind([gold]))
    answer = found.parse(text)
    if answer is None:
        # The right answer may itself be one that is read as none, such as "cannot be determined".
        same = phrase_form(text[:1000]) == phrase_form(gold[:1000])
        return same and bool(gold.strip()) and found.parse(gold) is None
    return _run(is_right_async(found, gold, answer))


def _run(work: Coroutine[Any, Any, bool]) -> bool:
    """Run a comparison to its end, also where an event loop is running in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return results[0]
