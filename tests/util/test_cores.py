"""The cores that a process may use."""

import os

import psutil
import pytest

from cope.models.engines.embedded import EmbeddedEngine
from cope.util.cores import usable_cores, usable_cpus


@pytest.mark.parametrize(
    ("allowed", "cores", "used"), [(1, 8, 1), (3, 8, 3), (16, 8, 8), (2, None, 1)]
)
def test_no_more_threads_than_processors_that_may_be_used(
    allowed: int, cores: int | None, used: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(allowed)), raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: cores)
    assert usable_cpus() == allowed and usable_cores() == used
    assert EmbeddedEngine("small").threads == used
    assert EmbeddedEngine("small", threads=5).threads == 5
