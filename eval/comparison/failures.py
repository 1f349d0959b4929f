"""Failed answers of a comparison."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import CopeError
from ..run.store import QuestionResult


def check_answers(results: Mapping[str, list[QuestionResult]], stopped: str | None) -> None:
    """Raise `CopeError` if a system has no answer at all."""
    for name, rows in results.items():
        errors = [result.error for result in rows if result.error]
        if len(errors) == len(rows):
            why = errors[0] if errors else "no questions"
            raise CopeError(stopped or f"{name} has no answer at all ({why})")


def failures(results: Mapping[str, list[QuestionResult]]) -> Iterator[dict[str, Any]]:
    """Yield system, question and error of each answer that failed."""
    for name, rows in results.items():
        for result in rows:
            if result.error:
                yield {"system": name, "id": result.id, "error": result.error}


def failure_message(failed: list[dict[str, Any]], questions: int) -> str | None:
    """Return a line about failed answers; None without any."""
    if not failed:
        return None
    first = failed[0]
    return (
        f"a model failed on {len(failed)} answers to {questions} questions, first "
        f"{first['system']} on {first['id']} ({first['error']}); the same command asks them again"
    )
