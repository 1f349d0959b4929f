"""One model through two of llama.cpp's workers, where these are built, as a tier."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import commands

from cope.models.weights import resolve as weights
from cope.models.weights.progress import DownloadBar

SCRIPT = Path(__file__).parents[2] / "examples" / "sharding" / "run.py"
PROGRAMS = ("llama-server", "ggml-rpc-server")
DEVICE = """
[[devices]]
name = "m{0}"
memory_gb = 0.04
tokens_per_second = 10
address = "10.77.0.{0}:50052"
"""


def is_built() -> bool:
    folder = os.environ.get("LLAMA_CPP_BIN") or None
    return all(shutil.which(name, path=folder) for name in PROGRAMS)


def may_make_namespaces() -> bool:
    if shutil.which("ip") is None:
        return False
    made = subprocess.run(["ip", "netns", "add", "cope-probe"], capture_output=True)
    if made.returncode:
        return False
    return not subprocess.run(["ip", "netns", "del", "cope-probe"], capture_output=True).returncode


pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not is_built(),
        reason="llama.cpp with -DGGML_RPC=ON is not built: put llama-server and ggml-rpc-server "
        "on the PATH, or name their folder in LLAMA_CPP_BIN",
    ),
]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("sharding")
    with DownloadBar("smollm2-135m") as bar:
        model = weights.resolve_weights("smollm2-135m", progress=bar)
    devices = folder / "devices.toml"
    devices.write_text("".join(DEVICE.format(number) for number in (1, 2, 3)))
    words = [sys.executable, str(SCRIPT), str(model), "--devices", str(devices)]
    words += ["--logs", str(folder / "logs"), "--port", "18096"]
    return words if may_make_namespaces() else [*words, "--loopback"]


def test_the_reply_through_two_workers_is_that_of_one_machine(words: list[str]):
    done = subprocess.run([*words, "--check"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "--tensor-split" in done.stdout and lines[-1] == "the replies are equal"
    assert sum(line.endswith(" MiB") for line in lines) == 4


@pytest.fixture
def address(words: list[str]) -> Iterator[str]:
    """The tier of a running cluster; no namespace is left when it has ended."""
    running = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert running.stdout
    found = ""
    for line in running.stdout:
        if line.startswith("cope ask"):
            found = line.split()[-1]
            break
    yield found
    running.terminate()
    assert running.wait(60) == 143
    if "--loopback" not in words:
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
        assert "cope-shard-" not in listed


def test_it_is_a_tier(address: str):
    shown = commands.cope("ask", "What is 6 times 7?", "--preset", "large", "--large", address)
    assert shown.exit_code == 0, shown.stderr
    assert "large" in shown.stdout + shown.stderr
