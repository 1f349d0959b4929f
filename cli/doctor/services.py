"""The checks of `cope doctor` of services: Ollama, the sandbox and the tracking store."""

import asyncio
import re
import shutil
import subprocess
import tempfile

from ...errors import CopeError
from ...sandbox import TestSuite, open_sandbox
from ...sandbox.select import ADVICE
from ...util.text import plural
from .check import CHECK_SECONDS, Check


def check_ollama() -> Check:
    """Check that an Ollama server answers, and which models it has."""
    import httpx

    from ...models.engines.ollama_server import server_host, server_info

    host = server_host()
    try:
        version, models = server_info(host, CHECK_SECONDS / 2)
    except httpx.TransportError:
        return Check("ollama", "note", f"no server answers at {host}", _ollama_advice())
    except (httpx.HTTPError, ValueError) as error:
        return Check("ollama", "note", f"not Ollama ({error}) at {host}", _ollama_advice())
    found = f"version {version} at {host}, {plural(len(models), 'model')}"
    if not models:
        return Check("ollama", "ok", found, "bring a model: cope models pull ollama/qwen2.5:3b")
    return Check("ollama", "ok", f"{found}: {', '.join(model['name'] for model in models)}")


def _ollama_advice() -> str:
    command = shutil.which("ollama")
    if command:
        name = f"{command}{_version_text(command)}"
        return f"start it with `ollama serve` ({name}), or set OLLAMA_HOST"
    return "only ollama/ models need it: install Ollama, then `ollama serve`, or set OLLAMA_HOST"


def _version_text(command: str) -> str:
    try:
        result = subprocess.run(
            [command, "--version"],
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS / 2,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = result.stdout.split()
    return f", version {words[-1]}" if words else ""


def check_sandbox() -> Check:
    """Check that the sandbox runs a program."""
    suite = TestSuite(("assert double(2) == 4",))
    try:
        box = open_sandbox()
        report = asyncio.run(box.run("def double(x): return x + x", suite))
    except CopeError as error:
        return Check("sandbox", "note", f"none: {error}", f"only code tasks need one: {ADVICE}")
    if not report.all_passed:
        found = f"{box.name} runs programs, but a right one fails: {report.message}"
        return Check("sandbox", "note", found)
    return Check("sandbox", "ok", f"{box.name} ({box.backend.command}) ran a program")  # pyright: ignore


def check_tracking_store() -> Check:
    """Check that the store of runs can be written or reached."""
    from ...tracking.store import store_file, store_uri

    uri, name = store_uri(), "tracking store"
    file = store_file(uri)
    if file is None:
        return _check_server_store(name, uri)
    path = file.resolve()
    try:
        if not path.exists():
            with tempfile.TemporaryFile(dir=path.parent):
                found = f"{uri}, made by the first `cope eval` in {path.parent}"
                return Check(name, "ok", found)
        with path.open("r+b") as store:
            start = store.read(15)
    except OSError as error:
        advice = "make it writable, set MLFLOW_TRACKING_URI, or use `cope eval --no-track`"
        return Check(name, "note", f"{path} cannot be written ({error.strerror})", advice)
    if start and start != b"SQLite format 3":
        advice = "move it, or set MLFLOW_TRACKING_URI"
        return Check(name, "note", f"{path} is not an SQLite file", advice)
    return Check(name, "ok", f"{uri}, writable", "")


def _check_server_store(name: str, uri: str) -> Check:
    import httpx

    public = re.sub(r"//[^/@]*@", "//", uri)  # without a user's name and password
    if not uri.startswith(("http://", "https://")):
        return Check(name, "ok", f"{public} (not looked into)")
    try:
        httpx.get(f"{uri.rstrip('/')}/health", timeout=CHECK_SECONDS / 2).raise_for_status()
    except httpx.HTTPStatusError as error:
        reason = f"status {error.response.status_code}"
    except httpx.HTTPError:
        reason = "no connection"
    else:
        return Check(name, "ok", f"{public} answers")
    found = f"{public} does not answer ({reason})"
    return Check(name, "note", found, "start that server, or unset MLFLOW_TRACKING_URI")
