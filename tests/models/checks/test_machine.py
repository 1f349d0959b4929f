"""The check of the embedded engine."""

import pytest

from cope.models.checks import machine


def test_the_library_of_the_embedded_engine_is_tried_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine.sys, "executable", "/bin/false")
    told = machine.check_engine()
    assert told.status == "missing" and told.found == "does not load: ended with status 1"
