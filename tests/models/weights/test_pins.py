"""Weights whose size and hash come from the hub at the first download, and are kept from then on."""

import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from huggingface_hub import constants
from support.servers import LocalServer, serving

from cope.errors import CopeError, Unavailable
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.engines.registry import ENGINES
from cope.models.weights import catalog
from cope.models.weights.catalog import Weights
from cope.models.weights.pairs import pairs
from cope.models.weights.pins import pin_file, pinned
from cope.models.weights.resolve import resolve_weights
from cope.models.weights.verify import ChecksumMismatch

DATA = b"GGUF" + bytes(range(256)) * 40
COMMIT = "c" * 40
TOY = Weights("toy", "toy.gguf", license="MIT", repo="org/toy")


class Hub(LocalServer):
    data, etag = DATA, hashlib.sha256(DATA).hexdigest()


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("X-Linked-Etag", f'"{self.server.etag}"')
        self.send_header("X-Linked-Size", str(len(self.server.data)))
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200 if COMMIT in self.path else 404)
        self.send_header("content-length", str(len(self.server.data)))
        self.end_headers()
        self.wfile.write(self.server.data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("COPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("COPE_WEIGHTS", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    known = catalog.catalog() | {"toy": TOY}
    for module in ("catalog", "resolve"):
        monkeypatch.setattr(f"cope.models.weights.{module}.catalog", lambda: known)
    monkeypatch.setattr("cope.models.engines.factories.catalog", lambda: {"toy": TOY})
    with serving(Hub(("127.0.0.1", 0), Answer)) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server


def test_the_first_download_pins_size_hash_and_commit(hub: Hub):
    file = resolve_weights("toy")
    assert file.read_bytes() == DATA
    known = pinned(TOY)
    assert (known.size, known.sha256, known.revision) == (len(DATA), Hub.etag, COMMIT)
    assert EmbeddedEngine("toy").weights_digest() == f"sha256:{Hub.etag}"
    (listed,) = ENGINES["local"].list_models().models
    assert (listed.size, listed.location) == (len(DATA), str(file))


def test_another_file_under_the_name_is_refused_later(hub: Hub):
    file = resolve_weights("toy")
    file.unlink()
    hub.data = DATA[:-1] + b"x"
    hub.etag = hashlib.sha256(hub.data).hexdigest()
    with pytest.raises(ChecksumMismatch, match="not the file expected"):
        resolve_weights("toy")
    file.write_bytes(hub.data)
    with pytest.raises(ChecksumMismatch, match="not the file expected"):
        resolve_weights("toy")


@pytest.mark.parametrize("etag", ["", "abc", "d41d8cd98f00b204e9800998ecf8427e"])
def test_a_hub_that_names_no_hash_gives_no_file(hub: Hub, etag: str):
    hub.etag = etag
    with pytest.raises(Unavailable, match=r"names no SHA-256.*put the file of org/toy at"):
        resolve_weights("toy")
    assert not pin_file(TOY).exists()


def test_no_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="model hub: cannot be reached"):
        resolve_weights("toy")


def test_a_file_that_the_user_put_there_is_used_as_it_is(hub: Hub, tmp_path: Path):
    file = tmp_path / "cache" / "toy.gguf"
    file.parent.mkdir()
    file.write_bytes(DATA)
    assert resolve_weights("toy") == file
    file.write_bytes(b"<html>")
    with pytest.raises(CopeError, match="is not a GGUF file"):
        resolve_weights("toy")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"size": -1}', json.dumps({"size": 1, "sha256": "x", "revision": "y"})]
)
def test_a_damaged_pin_is_one_clear_line(hub: Hub, text: str):
    file = pin_file(TOY)
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(CopeError, match=r"toy\.gguf\.pin is damaged: delete it"):
        resolve_weights("toy")


def test_every_pair_names_models_that_can_be_had():
    for pair in pairs().values():
        for model in (pair.small, pair.large):
            prefix, _, name = model.partition("/")
            assert prefix == "ollama" or name in catalog.catalog(), model
        assert pair.memory_gb > 0 and pair.domains and pair.note
