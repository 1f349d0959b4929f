"""The cores that a process may use."""

import os
from pathlib import Path

import psutil
import pytest

from cope.models.engines.embedded import EmbeddedEngine
from cope.util import cores as cores_of_this_process
from cope.util.cores import usable_cores, usable_cpus


@pytest.mark.parametrize(
    ("allowed", "cores", "used"), [(1, 8, 1), (3, 8, 3), (16, 8, 8), (2, None, 1)]
)
def test_no_more_threads_than_processors_that_may_be_used(
    allowed: int, cores: int | None, used: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(allowed)), raising=False)
    monkeypatch.setattr(cores_of_this_process, "_QUOTA", Path("/nowhere/cpu.max"))
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: cores)
    assert usable_cpus() == allowed and usable_cores() == used
    assert EmbeddedEngine("small").threads == used
    assert EmbeddedEngine("small", threads=5).threads == 5


@pytest.mark.parametrize(
    ("limit", "cpus"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 1),  # a second thread would be held back half of the time
        ("50000 100000", 1),
        ("1600000 100000", 8),
        ("", 8),
        ("none", 8),
        ("5 0", 8),
        (None, 8),
    ],
)
def test_a_container_s_limit_of_time_counts_as_processors(
    limit: str | None, cpus: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    path = tmp_path / "cpu.max"
    if limit is not None:
        path.write_text(f"{limit}\n")
    monkeypatch.setattr(cores_of_this_process, "_QUOTA", path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    assert usable_cpus() == cpus
