"""The services that `cope doctor` looks for: Ollama, the sandbox and the tracking store."""

import asyncio
import re
import shutil
import subprocess
import tempfile

from ...errors import CopeError
from ...sandbox import TestSuite, open_sandbox
from ...sandbox.select import ADVICE
from .check import SECONDS, Check


def ollama() -> Check:
    """The server and its models; without one, the command that starts it."""
    import httpx

    from ...models.engines.ollama_server import served, server_host

    host, command = server_host(), shutil.which("ollama")
    try:
        number, models = served(host, SECONDS / 2)
    except (httpx.HTTPError, ValueError) as error:
        why = (
            "no server answers"
            if isinstance(error, httpx.TransportError)
            else f"not Ollama ({error})"
        )
        if command:
            advice = f"start it with `ollama serve` ({command}{_version_of(command)}), or set OLLAMA_HOST"
        else:
            advice = "only ollama/ models need it: install Ollama, then `ollama serve`, or set OLLAMA_HOST"
        return Check("ollama", "note", f"{why} at {host}", advice)
    names = ", ".join(model["name"] for model in models)
    advice = "" if models else "bring a model: cope models pull ollama/qwen2.5:3b"
    found = f"version {number} at {host}, {len(models)} model{'s' * (len(models) != 1)}{f': {names}' if names else ''}"
    return Check("ollama", "ok", found, advice)


def _version_of(command: str) -> str:
    try:
        told = subprocess.run(
            [command, "--version"], capture_output=True, text=True, timeout=SECONDS / 2, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = (told.stdout.strip().splitlines() or [""])[-1].split()
    return f", version {words[-1]}" if words else ""


def sandbox() -> Check:
    """Whether a program can be run behind walls here, by running one."""
    try:
        box = open_sandbox()
        report = asyncio.run(
            box.run("def double(x): return x + x", TestSuite(("assert double(2) == 4",)))
        )
    except CopeError as error:
        return Check("sandbox", "note", f"none: {error}", f"only code tasks need one: {ADVICE}")
    if not report.all_passed:
        return Check(
            "sandbox", "note", f"{box.name} runs programs, but a right one fails: {report.message}"
        )
    return Check("sandbox", "ok", f"{box.name} ({box.backend.command}) ran a program")  # pyright: ignore


def tracking_store() -> Check:
    from ...tracking import store_file, store_uri

    uri, name = store_uri(), "tracking store"
    file = store_file(uri)
    if file is None:
        return _other_store(name, uri)
    place = file.resolve()
    try:
        if place.exists():
            with place.open("r+b") as store:
                start = store.read(15)
            if start and start != b"SQLite format 3":
                return Check(
                    name,
                    "note",
                    f"{place} is not an SQLite file",
                    "move it, or set MLFLOW_TRACKING_URI",
                )
            return Check(name, "ok", f"{uri}, writable", "")
        with tempfile.TemporaryFile(dir=place.parent):
            return Check(name, "ok", f"{uri}, made by the first `cope eval` in {place.parent}")
    except OSError as error:
        advice = "make it writable, set MLFLOW_TRACKING_URI, or use `cope eval --no-track`"
        return Check(name, "note", f"{place} cannot be written ({error.strerror})", advice)


def _other_store(name: str, uri: str) -> Check:
    import httpx

    shown = re.sub(r"//[^/@]*@", "//", uri)  # without a user's name and password
    if not uri.startswith(("http://", "https://")):
        return Check(name, "ok", f"{shown} (not looked into)")
    try:
        httpx.get(f"{uri.rstrip('/')}/health", timeout=SECONDS / 2).raise_for_status()
    except httpx.HTTPError as error:
        why = (
            f"status {error.response.status_code}"
            if isinstance(error, httpx.HTTPStatusError)
            else "no connection"
        )
        advice = "start that server, or unset MLFLOW_TRACKING_URI"
        return Check(name, "note", f"{shown} does not answer ({why})", advice)
    return Check(name, "ok", f"{shown} answers")
