"""The file of a page, and the run that it is attached to."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.tracking import STORE, TrackerInMemory

from cope.errors import CopeError
from cope.report import output


def source(run: str | None = None, store: str | None = None) -> Any:
    return SimpleNamespace(mlflow_run=run, mlflow_store=store)


def test_a_page_that_fails_half_way_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full_disk(*_: Any):
        yield "<html>"
        raise OSError(28, "No space left on device")

    page = tmp_path / "report.html"
    page.write_text("the earlier one")
    monkeypatch.setattr(output, "render_page", full_disk)
    with pytest.raises(CopeError, match="cannot write .*report.html: No space left on device"):
        output.write_page(source(), {}, page)
    assert page.read_text() == "the earlier one" and list(tmp_path.iterdir()) == [page]


def test_a_page_is_attached_to_the_run_of_its_source(tmp_path: Path):
    tracker = TrackerInMemory()
    with tracker.open("cope-jsonl", "cope", {}, store=STORE) as run:
        pass
    page = tmp_path / "report.html"
    page.write_text("x")
    assert output.attach_page(tracker, source(), page) is None
    assert output.attach_page(tracker, source(run.id, STORE), page) == run.id
    assert list(run.files) == ["report.html"]
    with pytest.raises(CopeError, match="there is no store"):
        output.attach_page(tracker, source(run.id, STORE), page, f"sqlite:///{tmp_path}/none.db")
