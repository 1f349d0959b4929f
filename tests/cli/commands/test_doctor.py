"""`cope doctor`: what it finds, what it advises, and when it says that the default models cannot answer."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

from cope.cli.main import app
from cope.models.checks import keys, machine
from cope.models.weights.catalog import lookup
from cope.util.check import Check

GIB = 1 << 30


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty machine: no weights, no keys, no server, no store."""
    monkeypatch.chdir(tmp_path)
    for name in (*keys.KEYS, *keys.MORE_KEYS, "COPE_WEIGHTS", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr(machine, "check_engine", lambda: Check("embedded engine", "ok", "loads"))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=64 * GIB))
    monkeypatch.setattr(machine, "_container_memory_left", lambda: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=64 * GIB))
    return tmp_path


def put(folder: Path, name: str, size: int | None = None) -> Path:
    """A file of the right size (or `size`), with nothing in it."""
    entry = lookup(name)
    folder.mkdir(exist_ok=True)
    with (folder / entry.file).open("wb") as file:
        file.truncate(entry.size if size is None else size)
    return folder / entry.file


def found() -> tuple[int, dict[str, dict[str, str]]]:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    document = json.loads(result.stdout)
    assert document["ok"] == (result.exit_code == 0) and result.stderr == ""
    return result.exit_code, {check["name"]: check for check in document["checks"]}


def test_a_fresh_machine_is_ready_and_sees_what_it_lacks() -> None:
    status, told = found()
    assert status == 0
    assert told["python"]["status"] == "ok" and "mlflow 3." in told["python"]["found"]
    assert told["weights"]["status"] == "note" and "`cope models pull`" in told["weights"]["advice"]
    assert "no server answers at http://127.0.0.1:9" in told["ollama"]["found"]
    assert "`ollama serve`" in told["ollama"]["advice"]
    assert told["keys"]["found"].startswith("not set: OPENAI_API_KEY")
    assert told["tracking store"]["status"] == "ok"


def test_plain_words_on_stdout() -> None:
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0 and "\x1b" not in result.stdout
    assert result.stdout.startswith("ok  python") and result.stdout.endswith(
        "\nReady: cope ask QUESTION runs here.\n"
    )
    assert "-> `cope models pull` brings them now" in result.stdout


def test_weights_are_found_in_the_cache_and_in_the_user_s_folder(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = put(bare / "mine", "small")
    cached = put(bare / "cache", "large")
    monkeypatch.setenv("COPE_WEIGHTS", str(bare / "mine"))
    told = found()[1]["weights"]
    assert told["status"] == "ok" and told["advice"] == ""
    assert str(mine) in told["found"] and str(cached) in told["found"]


def test_a_download_that_was_cut_short_is_shown(bare: Path) -> None:
    part = put(bare / "cache", "small", size=lookup("small").size // 4)
    part.rename(part.with_name(f"{part.name}.partial"))
    told = found()[1]["weights"]
    assert "25% are there" in told["found"] and told["status"] == "note"


def test_a_file_of_the_wrong_size_is_in_the_way(bare: Path) -> None:
    place = put(bare / "cache", "small", size=7)
    status, told = found()
    assert status == 1 and f"delete {place}" in told["weights"]["advice"]
    assert "Not ready: see weights above." in CliRunner().invoke(app, ["doctor"]).stdout


@pytest.mark.parametrize(
    ("change", "name", "advice"),
    [
        (
            lambda m: m.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=GIB)),
            "memory",
            "--small",
        ),
        (lambda m: m.setattr(machine, "_container_memory_left", lambda: GIB), "memory", "--small"),
        (
            lambda m: m.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=GIB)),
            "disk",
            "COPE_CACHE",
        ),
    ],
)
def test_too_little_room_means_not_ready(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None], name: str, advice: str
) -> None:
    change(monkeypatch)
    status, told = found()
    assert (status, told[name]["status"]) == (1, "missing") and advice in told[name]["advice"]


def test_keys_are_named_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-very-secret")
    monkeypatch.setenv("GROQ_API_KEY", "gsk-very-secret")
    result = CliRunner().invoke(app, ["doctor"])
    assert "set: ANTHROPIC_API_KEY, GROQ_API_KEY; not set: OPENAI_API_KEY" in result.stdout
    assert "very-secret" not in result.output


def test_a_store_that_is_none_or_cannot_be_written(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / "mlflow.db").write_text("not a database")
    assert "is not an SQLite file" in found()[1]["tracking store"]["found"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{bare}/nowhere/mlflow.db")
    told = found()[1]["tracking store"]
    assert "cannot be written" in told["found"] and "--no-track" in told["advice"]


def test_a_look_that_fails_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_cpu() -> Check:
        raise RuntimeError("no /proc")

    monkeypatch.setattr(machine, "check_cpu", check_cpu)
    status, told = found()
    assert status == 0 and told["cpu"]["found"] == "could not be checked (RuntimeError: no /proc)"
    assert "keys" in told
