"""`cope report` as a user types it: the page, its figures, the MLflow run, and one line for what is wrong."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from support import commands
from support.commands import give_tracker
from support.imported_recordings import imported
from support.pictures import leave_pages_without_pictures
from support.report_sources import run_in
from support.tracking import STORE

from cope.report import is_report
from cope.util.files import write_metadata


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a record; only a slow test draws pictures."""
    if request.node.get_closest_marker("slow") is None:
        leave_pages_without_pictures(monkeypatch)
    monkeypatch.chdir(tmp_path)
    imported(tmp_path, 30)
    return tmp_path


def report(*words: str) -> Any:
    return commands.cope("report", *words)


def done(*words: str) -> Any:
    result = report(*words)
    assert result.exit_code == 0, result.output
    return result


def failed(*words: str) -> str:
    result = report(*words)
    assert result.exit_code == 1 and result.stdout == "", result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    return line


@pytest.mark.parametrize(
    "pictures", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["without", "drawn"]
)
def test_a_record_becomes_a_page_that_replaces_the_last_one(here: Path, pictures: bool):
    result = done("r.parquet")
    assert (
        "imported is right on" in result.stdout and result.stdout.splitlines()[-1] == "report.html"
    )
    assert "30 questions" in result.stderr
    first = (here / "report.html").read_bytes()
    done("r.parquet")
    assert (here / "report.html").read_bytes() == first, "the same record gives the same page"
    assert (b"<path" in first) == pictures
    assert is_report(here / "report.html") and not list(here.glob("*.partial"))


def test_a_run_and_a_comparison_become_a_page(here: Path):
    folder = run_in(here / "runs", "cope")
    done(str(folder), "-o", "sub/run.html")
    run_in(here / "runs", "small")
    figures = json.loads(done(str(here / "runs"), "--json", "-o", "both.html").stdout)
    assert [system["name"] for system in figures["systems"]] == ["cope", "small"] and figures[
        "kind"
    ] == "comparison"
    assert is_report(here / "sub" / "run.html") and is_report(here / "both.html")


def test_the_figures_as_one_document_and_as_pictures(here: Path):
    told = json.loads(done("r.parquet", "--json", "--figures", "pictures").stdout)
    assert told["task"] == "samples" and told["systems"][0]["n"] == 30
    assert told["files"]["page"] == "report.html" and told["files"]["mlflow_run"] is None
    assert (
        all(Path(file).is_file() for file in told["files"]["pictures"])
        and told["files"]["pictures"]
    )


def test_what_is_no_report_is_not_written_over(here: Path):
    (here / "report.html").write_text("mine")
    assert "is there and is no report" in failed("r.parquet")
    assert (here / "report.html").read_text() == "mine"
    done("r.parquet", "--force")
    assert is_report(here / "report.html")
    before = (here / "r.parquet").read_bytes()
    assert "is what this command reads" in failed("r.parquet", "-o", "r.parquet", "--force")
    assert (here / "r.parquet").read_bytes() == before


@pytest.mark.slow
def test_what_is_wrong_is_said_in_a_line(here: Path):
    assert "there is no gone" in failed("gone")
    (here / "file").write_text("")
    assert "is not a record" in failed("file")
    assert "cannot write" in failed("r.parquet", "-o", "file/report.html")
    assert "cannot write to file" in failed("r.parquet", "--figures", "file/pictures")


@pytest.mark.slow
def test_the_page_is_opened_when_asked(here: Path, monkeypatch: pytest.MonkeyPatch):
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", lambda address: opened.append(address) or len(opened) - 1)
    done("r.parquet", "--open")
    assert opened == [(here / "report.html").resolve().as_uri()]
    assert "open report.html yourself" in report("r.parquet", "--open").stderr


def test_the_page_is_attached_to_the_run_that_tracked_its_source(
    here: Path, monkeypatch: pytest.MonkeyPatch
):
    with give_tracker(monkeypatch).open("cope-jsonl", "cope", {}, store=STORE) as run:
        pass
    folder = run_in(here / "runs", "cope")
    write_metadata(folder / "run.json", mlflow_run=run.id)
    result = done(str(folder), "--store", STORE)
    assert f"attached to MLflow run {run.id}" in result.stderr
    assert list(run.files) == ["report.html"]
    assert run.status == "FINISHED"
    assert "attached" not in done(str(folder), "--no-track").stderr


def test_the_store_that_a_run_noted_is_used(here: Path, monkeypatch: pytest.MonkeyPatch):
    with give_tracker(monkeypatch).open("cope-jsonl", "cope", {}, store=STORE) as run:
        pass
    folder = run_in(here / "runs", "cope")
    write_metadata(folder / "run.json", mlflow_run=run.id, mlflow_store=STORE)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")
    assert f"attached to MLflow run {run.id}" in done(str(folder)).stderr, (
        "its own store, and not the usual one"
    )
    assert "not attached" in done(str(folder), "--store", "elsewhere.db").stderr, (
        "unless another is named"
    )


def test_money_needs_prices_and_takes_them(here: Path):
    folder = str(run_in(here / "runs", "cope"))
    assert json.loads(done(folder, "--json").stdout)["systems"][0]["use"]["cost"] is None
    told = json.loads(
        done(folder, "--json", "--price", "small=1/2", "--price", "large=10/20").stdout
    )
    assert told["systems"][0]["use"]["cost"] > 0
    assert "frontier-cost" in (here / "report.html").read_text()
    assert "r.parquet has no tier 'huge' to price" in failed("r.parquet", "--price", "huge=1/2")


def test_a_run_that_is_not_in_the_store_is_a_warning(here: Path, monkeypatch: pytest.MonkeyPatch):
    give_tracker(monkeypatch)
    folder = run_in(here / "runs", "cope")
    write_metadata(folder / "run.json", mlflow_run="0" * 32)
    said = done(str(folder), "--store", STORE).stderr
    assert "warning: not attached to MLflow run 000" in said
    told = done(str(folder))
    assert "there is no store mlflow.db: name it with --store" in told.stderr
    assert not (here / "mlflow.db").exists() and is_report(here / "report.html")
