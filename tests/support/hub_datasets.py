"""Data sets of the hub in memory: importing the real package takes seconds, and one slow test does so."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest


def give_dataset(
    monkeypatch: pytest.MonkeyPatch, load_dataset: Callable[..., list[dict[str, Any]]]
) -> None:
    """Let `datasets.load_dataset` be a function of the test."""
    package = SimpleNamespace(load_dataset=load_dataset, disable_progress_bars=lambda: None)
    monkeypatch.setitem(sys.modules, "datasets", package)
