"""The check of the store of runs: what it says of servers, and of addresses that MLflow cannot read."""

import pytest

from cope.tracking.store_check import check_tracking_store


def test_a_tracking_server_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@127.0.0.1:9")
    told = check_tracking_store()
    assert (
        told.found == "http://127.0.0.1:9 does not answer (no connection)" and told.status == "note"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+json://me:hunter2@db/runs")
    assert check_tracking_store().found == ("postgresql+json://db/runs (not looked into)")


def test_an_address_that_mlflow_cannot_read_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "ftp://me:hunter2@db/runs")
    told = check_tracking_store()
    assert told.status == "note" and "MLflow knows no stores at ftp:" in told.found
    assert "hunter2" not in told.found
