"""What a server of llama.cpp is started with: no work that a processor alone does not need."""

import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import xllamacpp.xllamacpp as llama

from cope.models.engines import llama_server as started
from cope.models.engines.llama_server import LlamaLoad, llama_server

CPU = {"type": llama.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_CPU}
GPU = {"type": llama.ggml_backend_dev_type.GGML_BACKEND_DEVICE_TYPE_GPU}


@pytest.fixture
def params(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the settings of the servers that are started, none of which loads anything."""
    taken: list[Any] = []
    monkeypatch.setattr(llama, "Server", lambda params: taken.append(params) or SimpleNamespace())
    monkeypatch.setattr(started, "_loaded_servers", {})
    return taken


def load(path: Path, draft: Path | str | None = None) -> LlamaLoad:
    return LlamaLoad(path, slots=2, context=512, threads=1, draft=draft)


@pytest.mark.parametrize(
    ("devices", "fits"), [([CPU], False), ([CPU, CPU], False), ([GPU], True), ([CPU, GPU], True)]
)
def test_weights_are_fitted_to_gpus_alone(
    devices: list[dict[str, Any]],
    fits: bool,
    params: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setattr(llama, "get_device_info", lambda: devices)
    llama_server(load(tmp_path / "weights.gguf"))
    assert params[0].fit_params is fits and not params[0].warmup


@pytest.mark.parametrize("releases", [True, False])
def test_weights_are_mapped_where_their_pages_can_be_released(
    releases: bool, params: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    released: list[list[Path]] = []
    monkeypatch.setattr(started, "can_release", lambda: releases)
    monkeypatch.setattr(started, "release_pages", lambda paths: released.append(list(paths)))
    first, second, draft = (tmp_path / name for name in ("a.gguf", "b.gguf", "c.gguf"))
    llama_server(load(first))
    llama_server(load(second, draft))
    modes = llama.llama_load_mode
    mode = modes.LLAMA_LOAD_MODE_MMAP if releases else modes.LLAMA_LOAD_MODE_NONE
    assert [one.load_mode for one in params] == [mode, mode]
    expected = [[], [first], [first], [first, second, draft]]
    assert released == (expected if releases else [])
    llama_server(load(first))
    assert len(params) == 2 and len(released) in (0, 4)


def test_a_server_that_ctrl_c_meets_while_it_starts_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def start(_: object) -> SimpleNamespace:
        signal.raise_signal(signal.SIGINT)
        return SimpleNamespace()

    kept: dict[LlamaLoad, Any] = {}
    monkeypatch.setattr(llama, "Server", start)
    monkeypatch.setattr(started, "_loaded_servers", kept)
    with pytest.raises(KeyboardInterrupt):
        llama_server(load(tmp_path / "weights.gguf"))
    assert list(kept) == [load(tmp_path / "weights.gguf")]
