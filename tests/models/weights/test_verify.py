"""Which weights answer under a name: known for local models, and None rather than a guess elsewhere."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from cope import CopeError, Team
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.engines.ollama import OllamaEngine
from cope.models.weights.catalog import catalog


def test_registered_weights_are_those_of_the_registry():
    own = catalog()["smollm2-135m"].sha256
    assert (
        EmbeddedEngine("tiny").weights_digest()
        == EmbeddedEngine("smollm2-135m").weights_digest()
        == f"sha256:{own}"
    )
    with pytest.raises(CopeError, match="no weights are called"):
        EmbeddedEngine("tinny").weights_digest()


def test_a_file_of_the_users_own_is_read(tmp_path: Path):
    file = tmp_path / "m.gguf"
    assert EmbeddedEngine(str(file)).weights_digest() is None
    for text in (b"GGUF one", b"GGUF two"):
        file.write_bytes(text)
        assert (
            EmbeddedEngine(str(file)).weights_digest()
            == f"sha256:{hashlib.sha256(text).hexdigest()}"
        )


def test_ollama_says_which_weights_a_name_has(ollama_server: Any):
    ollama_server.models = [
        {"model": "qwen2.5:3b", "digest": "ab12"},
        {"model": "mini:latest", "digest": "cd34"},
        {"model": "x:latest"},
    ]

    def known(model: str) -> str | None:
        return OllamaEngine(model, ollama_server.address).weights_digest()

    assert (known("qwen2.5:3b"), known("mini"), known("mini:latest")) == (
        "ollama:ab12",
        "ollama:cd34",
        "ollama:cd34",
    )
    assert known("other") is None and known("x") is None
    assert OllamaEngine("mini", "http://127.0.0.1:9").weights_digest() is None, (
        "no server, no guess"
    )


def test_a_tier_knows_its_engines_and_nothing_of_an_api():
    team = Team("local/tiny", "openai/gpt-4o-mini")
    assert team["small"].weights_digest() == f"sha256:{catalog()['smollm2-135m'].sha256}"
    assert team["large"].weights_digest() is None
