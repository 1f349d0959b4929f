"""The example of one model on several machines: its commands, and that it leaves nothing behind."""

import io
import runpy
import sys
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.gguf_files import gguf

from cope.errors import CopeError

FOLDER = Path(__file__).parents[2] / "examples" / "sharding"
DEVICES = """
[[devices]]
name = "here"
memory_gb = 0.0003
tokens_per_second = 9

[[devices]]
name = "one"
memory_gb = 0.0005
tokens_per_second = 10
address = "10.77.0.2:50052"

[[devices]]
name = "two"
memory_gb = 0.0003
tokens_per_second = 10
address = "10.77.0.3:50052"

[[links]]
between = ["here", "two"]
ms = 0.5
mbit = 1
"""

WORKER = """#!{python}
import socket, sys, time
host, port = sys.argv[sys.argv.index("--host") + 1], int(sys.argv[sys.argv.index("--port") + 1])
server = socket.create_server((host, port))
time.sleep(600)
"""

SERVER = """#!{python}
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self): self.answer({{"status": "ok"}})
    def do_POST(self):
        text = "sharded" if {differs} and "--rpc" in sys.argv else "same"
        choice = {{"message": {{"content": text}}}}
        self.answer({{"choices": [choice], "timings": {{"predicted_per_second": 5.0}}}})
    def answer(self, body):
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(body).encode())
    def log_message(self, *args): pass
HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


@pytest.fixture(autouse=True)
def on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script imports its neighbor, as it does when it is run."""
    monkeypatch.syspath_prepend(str(FOLDER))


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "toy.gguf").write_bytes(gguf(layers=10))
    (tmp_path / "devices.toml").write_text(DEVICES)
    model, devices = str(tmp_path / "toy.gguf"), str(tmp_path / "devices.toml")
    return [model, "--devices", devices, "--logs", str(tmp_path / "logs")]


def run(*words: str) -> tuple[list[str], str]:
    """Run the script in this process; return its lines, and its error."""
    out = io.StringIO()
    error: Any = ""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
        patch.setattr(sys, "argv", ["run.py", *words])
        patch.setattr("signal.signal", lambda *_: None)
        try:
            runpy.run_path(str(FOLDER / "run.py"), run_name="__main__")
        except SystemExit as end:
            error = end.code
    return out.getvalue().splitlines(), str(error)


def test_a_dry_run_prints_every_command_and_what_takes_it_back(words: list[str]):
    lines, error = run(*words, "--dry-run")
    assert not error
    assert [line.split(",")[0] for line in lines[:3]] == [
        "here: layers 1 to 2",
        "one: layers 3 to 7",
        "two: layers 8 to 10",
    ]
    commands = lines[lines.index("") + 1 :]
    rpc = "--rpc 10.77.0.2:50052,10.77.0.3:50052 --gpu-layers 9 --tensor-split 5,4"
    assert sum(rpc in line for line in commands) == 1
    for number in (1, 2):
        name = f"cope-shard-{number}"
        host = f"10.77.0.{number + 1}"
        added = commands.index(f"ip netns add {name}")
        inside = f"ip netns exec {name} ggml-rpc-server --host {host} --port 50052"
        assert added < commands.index(f"ip -n {name} addr add {host}/24 dev eth0")
        assert added < commands.index(inside)
        assert f"ip netns del {name}   # at the end" in commands
    assert commands[-1] == "ip link del cope-shards   # at the end"


def test_workers_on_the_loopback_take_no_namespaces(words: list[str]):
    lines, error = run(*words, "--dry-run", "--loopback")
    assert not error and not any(line.startswith("ip ") for line in lines)
    assert "ggml-rpc-server --host 127.0.0.1 --port 50053" in lines
    assert "ggml-rpc-server --host 127.0.0.1 --port 50054" in lines


def test_a_model_that_fits_one_machine_has_no_workers(words: list[str], tmp_path: Path):
    (tmp_path / "devices.toml").write_text(
        DEVICES.replace("memory_gb = 0.0003", "memory_gb = 1", 1).replace("= 9", "= 90")
    )
    lines, error = run(*words, "--dry-run")
    assert not error and not any("netns" in line or "--rpc" in line for line in lines)


def test_missing_programs_are_one_line(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LLAMA_CPP_BIN", str(tmp_path))
    lines, error = run(*words, "--loopback")
    assert not lines
    assert error.startswith(f"Error: llama-server is not in {tmp_path}: build llama.cpp with")


def test_steps_are_taken_back_when_one_fails(tmp_path: Path):
    script = runpy.run_path(str(FOLDER / "run.py"), run_name="script")
    step, undone = script["Step"], tmp_path / "undone"
    steps = [
        step(["true"], ["touch", str(undone)]),
        step(["false"], ["touch", str(tmp_path / "no")]),
    ]
    message = "^false: .*--loopback needs no namespaces"
    with pytest.raises(CopeError, match=message), ExitStack() as stack:
        script["run_steps"](steps, stack)
    assert undone.exists() and not (tmp_path / "no").exists()


def test_what_a_killed_run_left_is_said_with_the_commands_that_remove_it(tmp_path: Path):
    script = runpy.run_path(str(FOLDER / "run.py"), run_name="script")
    steps = [script["Step"](["ls", str(tmp_path / "File exists")], ["ip", "link", "del", "x"])]
    with pytest.raises(CopeError, match="; another run has it, or .* left it: ip link del x$"):
        script["run_steps"](steps, ExitStack())


@pytest.mark.slow
def test_replies_are_compared_and_every_program_ends(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Programs that only look like those of llama.cpp; `tests/live` has the real ones."""
    monkeypatch.setenv("LLAMA_CPP_BIN", str(tmp_path))
    before = set(psutil.Process().children(recursive=True))  # those of other tests
    for differs in (False, True):  # one after the other, because the ports are the same
        for name, text in (("ggml-rpc-server", WORKER), ("llama-server", SERVER)):
            file = tmp_path / name
            file.write_text(text.format(python=sys.executable, differs=differs))
            file.chmod(0o755)
        lines, error = run(*words, "--loopback", "--check", "--port", "18095")
        assert any(line.startswith("with workers: 5 tokens a second, ") for line in lines)
        sizes = [line for line in lines if line.endswith(" MiB") and "," not in line]
        assert [line.split(":")[0] for line in sizes] == ["here", "one", "two"]
        if differs:
            assert error == "Error: the replies differ:\nsharded\n\nsame"
        else:
            assert not error and lines[-1] == "the replies are equal"
        assert set(psutil.Process().children(recursive=True)) <= before
