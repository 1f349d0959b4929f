"""The servers that `serve.py` loads: `cope serve` and other proxies of the same stub."""

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _shared import say

HERE = Path(__file__).parent
LITELLM = "litellm[proxy]>=1.84,<2"


@dataclass(frozen=True)
class Server:
    """A server to load: the command that starts it, and the model that is asked."""

    title: str
    command: Sequence[str]
    model: str
    port: int

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.port}/v1"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def cope_server(upstream: str, clients: int, folder: Path, workers: int = 1) -> Server:
    """Return `cope serve` with one tier alone, by one process or several."""
    port, model = free_port(), f"openai/stub@{upstream}"
    command = [sys.executable, "-c", "from cope.cli.main import main; main()", "serve"]
    command += ["--preset", "small", "--small", model, "--large", model, "--no-cache"]
    command += ["--in-flight", f"small={clients}", "--queue", str(clients), "--port", str(port)]
    command += ["--key-file", str(folder / "keys.sqlite"), "--program", "none"]
    if workers == 1:
        return Server("cope serve", command, "cope", port)
    command += ["--workers", str(workers)]
    return Server(f"cope serve, {workers} workers", command, "cope", port)


def bare_server(upstream: str) -> Server:
    """Return the bare Starlette proxy."""
    port = free_port()
    command = [sys.executable, str(HERE / "_bare_proxy.py"), upstream, str(port)]
    return Server("bare Starlette proxy", command, "stub", port)


def litellm_server(upstream: str, folder: Path, environment: Path) -> Server:
    """Return LiteLLM's proxy in an environment of its own, which is made when it is missing.

    Raises:
        RuntimeError: when it cannot be installed.
    """
    program = environment / "bin" / "litellm"
    if not program.exists() or not (environment / "complete").exists():
        say(f"installing {LITELLM} in {environment} ...")
        python = str(environment / "bin" / "python")
        for command in (
            ["uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)],
            ["uv", "pip", "install", "--quiet", "--python", python, LITELLM],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr.strip().splitlines()[-1])
        (environment / "complete").touch()
    config = folder / "litellm.yaml"
    model = {"model": "openai/stub", "api_base": upstream, "api_key": "none"}
    settings = {
        "model_list": [{"model_name": "stub", "litellm_params": model}],
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
    }
    config.write_text(json.dumps(settings))
    port = free_port()
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    return Server("litellm proxy", command, "stub", port)
