"""Retries of models without their pauses."""

import pytest

from cope.models import lm
from cope.models.retries import retry_pause


def note_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the pause before each retry in the list that is returned, and leave it out."""
    noted: list[float] = []

    def none(error: Exception, attempt: int) -> float | None:
        pause = retry_pause(error, attempt)
        if pause is None:
            return None
        noted.append(pause)
        return 0.0

    monkeypatch.setattr(lm, "retry_pause", none)
    return noted
