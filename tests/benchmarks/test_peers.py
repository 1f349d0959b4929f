"""The table of clients leaves out who cannot be measured, and says so."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def peers() -> Any:
    return importlib.import_module("peers")


def test_a_client_that_cannot_be_installed_is_said(
    peers: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def fail(*_: Any) -> Path:
        raise RuntimeError("no such package")

    monkeypatch.setattr(peers, "environment", fail)
    clients, missing = peers.compare("http://127.0.0.1:9", ["openai"], 8, 1, tmp_path)
    assert clients == {}
    assert missing == ["openai SDK alone: not measured, because no such package"]


def test_our_round_is_compared_with_the_leanest_client(peers: Any):
    def client(*cpu: float) -> Any:
        return SimpleNamespace(cpu=list(cpu), wall=list(cpu))

    clients = {"openai": client(20, 20), "its_hub": client(4, 5), "cascade": client(8, 10)}
    rows, lines = peers.report(clients)
    assert [row[0] for row in rows][1] == "its_hub, self-consistency"
    shown = list(map(str, lines))
    assert shown[0].startswith("our Cascade, OpenAI-compatible: 9.0 ms")
    assert "its_hub, self-consistency: 2.00" in shown[1]
