"""Names, paths, folders and checks of weights: everything up to the point where a download would begin."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cope.errors import CopeError
from cope.models.weights import (
    download as weights_download,
    resolve as weights,
    verify as weights_check,
)
from cope.models.weights.catalog import aliases, cache_dir, catalog, lookup
from cope.models.weights.resolve import find_weights, resolve_weights
from cope.models.weights.verify import ChecksumMismatch

DATA = b"GGUF" + bytes(range(256)) * 40


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a registry whose one entry `toy` is DATA."""
    entry = {
        "file": "toy.gguf",
        "size": len(DATA),
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "license": "MIT",
    }
    table = {"aliases": {"small": "toy"}, "weights": {"toy": entry | {"wheels": []}}}
    monkeypatch.setattr("cope.models.weights.catalog.catalog_table", lambda: table)
    monkeypatch.setenv("COPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COPE_WEIGHTS", raising=False)
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were read in full, in order."""
    read: list[Path] = []
    real = weights_check.sha256_of

    def fingerprint(
        path: Path, progress: weights_check.Progress = weights_check.no_progress
    ) -> str:
        read.append(path)
        return real(path, progress)

    monkeypatch.setattr(weights_check, "sha256_of", fingerprint)
    return read


def line_of(error: pytest.ExceptionInfo[CopeError]) -> str:
    line = str(error.value)
    assert "\n" not in line
    return line


def test_every_entry_of_the_registry_is_whole() -> None:
    known = catalog()
    for name, entry in known.items():
        assert entry.name == name and entry.file.endswith(".gguf")
        if not entry.sha256:  # the hub names the rest, see test_pins.py
            assert entry.repo and entry.license and not entry.size and not entry.wheels
            continue
        assert len(bytes.fromhex(entry.sha256)) == 32 and entry.size > 50_000_000
        assert (
            entry.license == "Apache-2.0"
            and entry.wheels
            and all("==" in wheel for wheel in entry.wheels)
        )
        assert len(set(entry.wheels)) == len(entry.wheels)
    assert {known[name].name for name in aliases().values()} == set(known)


def test_an_alias_means_its_weights() -> None:
    assert lookup("small") == lookup("qwen2.5-coder-0.5b")
    assert lookup("large").repo == "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"


def test_an_unknown_name_gets_the_nearest_and_all_known() -> None:
    with pytest.raises(CopeError) as error:
        resolve_weights("qwen2.5-coder-0.5")
    line = line_of(error)
    assert "did you mean qwen2.5-coder-0.5b?" in line
    assert all(name in line for name in catalog()) and ".gguf" in line
    with pytest.raises(CopeError) as error:
        resolve_weights("zzz")
    assert "did you mean" not in line_of(error)


def test_the_cache_is_where_the_user_says_else_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COPE_CACHE", "~/elsewhere")
    assert cache_dir() == Path.home() / "elsewhere"
    monkeypatch.delenv("COPE_CACHE")
    assert cache_dir().is_absolute() and "cope" in cache_dir().parts[-2:]


def test_a_path_of_the_user_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.gguf").write_bytes(DATA)
    monkeypatch.chdir(tmp_path)
    assert resolve_weights("own.gguf") == tmp_path / "own.gguf"


def test_a_path_that_is_not_there_or_not_gguf_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CopeError) as error:
        resolve_weights(str(tmp_path / "none.gguf"))
    assert f"no file {tmp_path / 'none.gguf'}" in line_of(error)
    with pytest.raises(CopeError) as error:
        resolve_weights(str(tmp_path / lookup("tiny").file))
    assert "'smollm2-135m'" in line_of(error)
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(CopeError) as error:
        resolve_weights(str(tmp_path / "page.gguf"))
    assert "not a GGUF file" in line_of(error)


def test_a_found_file_is_read_once_and_again_only_after_a_change(
    cache: Path, reads: list[Path]
) -> None:
    assert find_weights("toy") is None
    path = cache / "toy.gguf"
    path.write_bytes(DATA)
    assert find_weights("toy") == find_weights("small") == resolve_weights("toy") == path
    assert reads == [path]
    os.utime(path, ns=(1, 1))
    assert find_weights("toy") == path
    assert reads == [path, path]


def test_a_damaged_note_costs_a_second_read_and_nothing_else(
    cache: Path, reads: list[Path]
) -> None:
    (cache / "toy.gguf").write_bytes(DATA)
    for damage in ("", "[]", "{", '{"x": 1}'):
        (cache / "toy.gguf.ok").write_text(damage)
        assert find_weights("toy") == cache / "toy.gguf"
    assert len(reads) == 4


@pytest.mark.parametrize("wrong", [DATA[:-1], DATA[:-1] + b"!", b""])
def test_a_wrong_file_in_the_cache_is_one_clear_line(cache: Path, wrong: bytes) -> None:
    (cache / "toy.gguf").write_bytes(wrong)
    with pytest.raises(ChecksumMismatch) as error:
        resolve_weights("toy")
    line = line_of(error)
    assert str(cache / "toy.gguf") in line and "delete it" in line
    assert (
        hashlib.sha256(DATA).hexdigest()[:12] in line
        and hashlib.sha256(wrong).hexdigest()[:12] in line
    )


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_the_folder_of_the_user_comes_before_the_cache(
    cache: Path, tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (cache / "toy.gguf").write_bytes(DATA)
    if by == "environment":
        monkeypatch.setenv("COPE_WEIGHTS", str(folder))
    named = folder if by == "argument" else None
    assert resolve_weights("toy", folder=named) == cache / "toy.gguf"
    (folder / "toy.gguf").write_bytes(DATA)
    assert (
        resolve_weights("toy", folder=named)
        == resolve_weights("toy", folder=named)
        == folder / "toy.gguf"
    )
    assert reads == [cache / "toy.gguf", folder / "toy.gguf"]
    assert sorted(path.name for path in folder.iterdir()) == ["toy.gguf"], (
        "nothing is left in the user's own folder"
    )


def test_a_wrong_file_or_no_folder_of_the_user_is_an_error_not_a_download(
    cache: Path, tmp_path: Path
) -> None:
    (cache / "toy.gguf").write_bytes(DATA)
    with pytest.raises(CopeError) as error:
        resolve_weights("toy", folder=tmp_path / "missing")
    assert f"no folder {tmp_path / 'missing'}" in line_of(error)
    (tmp_path / "toy.gguf").write_bytes(DATA[::-1])
    with pytest.raises(ChecksumMismatch) as error:
        resolve_weights("toy", folder=tmp_path)
    line = line_of(error)
    assert str(tmp_path / "toy.gguf") in line and "COPE_WEIGHTS" in line
    assert hashlib.sha256(DATA[::-1]).hexdigest()[:12] in line and lookup("toy").sha256[:12] in line


def test_what_is_nowhere_is_downloaded_into_the_cache(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetch(entry: weights.Weights, target: Path, progress: weights_check.Progress) -> Path:
        asked.append((entry.name, target))
        progress(1, 2, "x")
        return target

    monkeypatch.setattr(weights_download, "download", fetch)
    told = []
    path = resolve_weights(
        "small", progress=lambda done, total, source: told.append((done, total, source))
    )
    assert path == cache / "toy.gguf"
    assert asked == [("toy", cache / "toy.gguf")] and told == [(1, 2, "x")]


def test_a_start_with_weights_in_place_brings_no_web_client() -> None:
    code = "import sys, cope.models.weights.resolve; print({'httpx', 'huggingface_hub', 'dspy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
