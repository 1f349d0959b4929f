"""Run programs without bubblewrap: Pyodide (CPython in WebAssembly) in Deno without permissions."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import CopeError
from .backends import Unsandboxed
from .limits import MB, Limits

_HERE = Path(__file__).parent
_MODULES = ("_wire", "_callbacks", "_reply", "_objects", "_program")
_SETTINGS = {
    "DENO_NO_PACKAGE_JSON": "1",
    "DENO_NO_UPDATE_CHECK": "1",
    "DENO_TLS_CA_STORE": "system,mozilla",
    "NO_COLOR": "1",
}


@dataclass(frozen=True)
class Deno:
    """Runs programs in WebAssembly without files, network or processes; about 2.5 seconds a run.

    The limit of processor time is not enforced separately from wall time. The tests, which are not
    the model's, run in a plain process.
    """

    command: str
    name: str = field(default="deno", init=False)

    def start(self, script: str, limits: Limits, single_process: bool) -> subprocess.Popen[bytes]:
        if script != "_program.py":
            return Unsandboxed().start(script, limits, single_process)
        sources: list[str] = []
        for name in _MODULES:
            sources += [name, (_HERE / f"{name}.py").read_text(encoding="utf-8")]
        arguments = [
            self.command,
            "run",
            "--no-prompt",
            "--cached-only",
            "--no-lock",
            "--no-config",
            f"--allow-read={self._cache}",
            f"--v8-flags=--max-old-space-size={limits.memory // MB}",
            str(_HERE / "_program.js"),
            *sources,
        ]
        return subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            start_new_session=True,
        )

    def folder(self, process: subprocess.Popen[bytes]) -> str | None:
        """Return None, because its files are in its memory."""
        return None

    @cached_property
    def _cache(self) -> str:
        """Return Deno's module folder, after downloading Pyodide into it (13 MB, once)."""
        brought = self._run_deno("cache", "--no-lock", "--no-config", str(_HERE / "_program.js"))
        if brought.returncode:
            why = (brought.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise CopeError(
                f"the sandbox (deno) cannot bring Pyodide: {why}; go online once, or install "
                "bubblewrap"
            )
        return str(json.loads(self._run_deno("info", "--json").stdout)["denoDir"])

    def _run_deno(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *words], capture_output=True, text=True, env=_environment(), check=False
        )


def _environment() -> dict[str, str]:
    return {**os.environ, **_SETTINGS}


def find_deno() -> str | None:
    """Return the Deno that is installed as a package, as DSPy finds it, else the system's."""
    try:
        from deno import find_deno_bin

        return str(find_deno_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("deno")
