"""A very small model on a real Ollama server, and a server of a test's own."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import ollama
import pytest

from cope import Team
from cope.models.engines.ollama import OllamaEngine
from cope.models.lm import TierLM
from cope.models.weights import resolve as weights

NAME = "cope-test-smollm2"
STORY = "Tell a very long story about a robot."  # the model talks until it is stopped
CONTEXT = 512
TEMPLATE = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""


def answers(host: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{host}/api/version", timeout=5).status_code == 200
    return False


def create(host: str) -> None:
    """The model from the weights that the embedded engine uses, with the markup they were trained with."""
    client = ollama.Client(host, timeout=300)
    digest = client.create_blob(weights.resolve_weights("smollm2-135m"))
    client.create(
        NAME, files={"smollm2.gguf": digest}, template=TEMPLATE, parameters={"stop": ["<|im_end|>"]}
    )


def tier(host: str, **settings: Any) -> TierLM:
    engine = OllamaEngine(NAME, host, **{"context": CONTEXT, "num_thread": 1, **settings})
    return Team(engine, engine, cache=False, max_tokens=16)["small"].lm


class OwnServer:
    """An Ollama server on a free port, with an empty folder of models."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("ollama") or weights.cache_dir() / "ollama" / "bin" / "ollama"
        if not Path(found).exists():
            pytest.fail(
                f"no ollama on PATH and none at {found}: install it, or build one with .ci/ollama"
            )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.host = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.command = [str(found), "serve"]
        self.environment = os.environ | {
            "OLLAMA_HOST": self.host,
            "OLLAMA_MODELS": str(folder),
            "OLLAMA_NO_CLOUD": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # A group of its own: the server runs a process for each model, and they end together.
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + 60
        while not answers(self.host):
            assert time.monotonic() < limit and self.process.poll() is None, (
                "the test's own server does not start"
            )
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
