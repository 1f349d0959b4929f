"""The checks of `cope doctor` of this machine. Each takes two seconds at most."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from ...util.check import Check
from ...util.text import plural
from .services import (
    CHECK_SECONDS,
    check_registered_engine,
    check_sandbox,
    check_tracking_store,
)

if TYPE_CHECKING:
    from ...models.weights.catalog import Weights

# Bytes in addition to the weights: the default pair under `cope eval` took 2.5 GB in all.
MEMORY_HEADROOM_BYTES = 1_000_000_000
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY")
MORE_KEYS = (  # named only when they are set
    "AZURE_API_KEY",
    "COHERE_API_KEY",
    "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY",
    "GROQ_API_KEY",
    "HF_TOKEN",
    "MISTRAL_API_KEY",
    "OLLAMA_API_KEY",
    "PERPLEXITYAI_API_KEY",
    "TOGETHERAI_API_KEY",
    "XAI_API_KEY",
)
_PACKAGES = ("dspy", "mlflow", "ollama", "xllamacpp", "datasets")


def check_all() -> list[Check]:
    """Run all checks in parallel, and return them in the order of the output."""
    from ...models.engines.registry import ENGINES

    checks: dict[str, Callable[[], Check | None]] = {
        "python": check_python,
        "engine": check_engine,
        "cpu": check_cpu,
        "memory": check_memory,
        "gpu": check_gpu,
        "weights": check_weights,
        "disk": check_disk,
        "sandbox": check_sandbox,
    }
    for prefix in ENGINES:
        checks[prefix] = partial(check_registered_engine, prefix)
    checks["keys"] = check_keys
    checks["tracking store"] = check_tracking_store
    with ThreadPoolExecutor(len(checks)) as pool:
        results = list(pool.map(_run_check, checks, checks.values()))
    return [result for result in results if result is not None]


def _run_check(name: str, check: Callable[[], Check | None]) -> Check | None:
    try:
        return check()
    except Exception as error:  # one check that fails must not hide the others
        return Check(name, "note", f"could not be checked ({type(error).__name__}: {error})")


def check_python() -> Check:
    """Check the versions of Python and of the packages."""
    versions = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found, advice = f"{package} is not installed", "install cope-dspy again"
            return Check("python", "missing", found, advice)
    ours = f"Python {platform.python_version()}, cope {version('cope-dspy')}"
    return Check("python", "ok", f"{ours} with {', '.join(versions)}")


def check_engine() -> Check:
    """Check that the embedded engine's library loads.

    It loads in another process, because a library for a wrong CPU would end this one.
    """
    name = "embedded engine"
    code = "import xllamacpp as x; print(', '.join(d['description'] for d in x.get_device_info()))"
    try:
        result = _run(sys.executable, "-c", code)
    except subprocess.TimeoutExpired:
        found = f"did not load within {CHECK_SECONDS:g} s"
        return Check(name, "note", found, "look again when the machine is idle")
    if result.returncode:
        lines = result.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"ended with status {result.returncode}"
        advice = "install xllamacpp again, or use ollama/ models"
        return Check(name, "missing", f"does not load: {reason}", advice)
    return Check(name, "ok", f"loads; computes on {result.stdout.strip()}")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
    )


def check_cpu() -> Check:
    """Check the number of cores, and how many of them this process may use."""
    import psutil

    cores, threads = psutil.cpu_count(logical=False) or 1, psutil.cpu_count() or 1
    found = f"{plural(cores, 'core')}, {plural(threads, 'thread')}"
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else threads
    if usable < threads:
        found += f", {usable} of them for this process"
    return Check("cpu", "ok", found)


def check_memory() -> Check:
    """Check that the default pair of models fits into the free memory."""
    import psutil
    from rich.filesize import decimal

    free = psutil.virtual_memory().available
    container = _container_memory_left()
    if container is not None:
        free = min(free, container)
    needed = sum(entry.size for entry in _default_weights()) + MEMORY_HEADROOM_BYTES
    found = f"{decimal(free)} free; the default pair needs about {decimal(needed)}"
    if free >= needed:
        return Check("memory", "ok", found)
    advice = "close other programs, or name smaller models with --small and --large"
    return Check("memory", "missing", found, advice)


def _container_memory_left() -> int | None:
    """Return the bytes that the limit of this process's control group leaves; None without one."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        used = (group / "memory.current").read_text()
        lines = (group / "memory.stat").read_text().splitlines()
        stat = dict(line.split() for line in lines)
    except (OSError, ValueError):
        return None
    if limit == "max":
        return None
    # Cached files count as used, but are dropped when memory is needed.
    return int(limit) - int(used) + int(stat.get("inactive_file", 0))


def check_gpu() -> Check:
    """Check whether there is a GPU for local models."""
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return Check("gpu", "ok", "Apple's, shared with the CPU")
    command = shutil.which("nvidia-smi")
    if command:
        try:
            result = _run(command, "--query-gpu=name,memory.total", "--format=csv,noheader")
        except subprocess.TimeoutExpired:
            return Check("gpu", "note", f"nvidia-smi did not answer within {CHECK_SECONDS:g} s")
        gpus = result.stdout.strip().splitlines()
        if result.returncode == 0 and gpus:
            return Check("gpu", "ok", f"{'; '.join(gpus)} (Ollama uses it)")
    if Path("/dev/kfd").exists():
        return Check("gpu", "ok", "one from AMD (Ollama uses it)")
    return Check("gpu", "note", "none seen: local models run on the CPU")


def check_weights() -> Check:
    """Check that the weights of the default pair are there and whole."""
    from rich.filesize import decimal

    from ...models.weights.catalog import cache_dir
    from ...models.weights.resolve import locate_weights

    lines, status, advice = [], "ok", ""
    for entry in _default_weights():
        path, size = locate_weights(entry)
        if size == entry.size:
            lines.append(f"{entry.name}: {path}")
        elif size is not None:
            lines.append(f"{entry.name}: {path} has {decimal(size)}, not {decimal(entry.size)}")
            status, advice = "missing", f"delete {path}; `cope models pull` brings the right one"
        else:
            partial = cache_dir() / f"{entry.file}.partial"
            part = ""
            if partial.exists():
                part = f", {partial.stat().st_size / entry.size:.0%} are there"
            lines.append(f"{entry.name}: not here ({decimal(entry.size)}{part})")
            if status == "ok":
                status = "note"
                advice = "`cope models pull` brings them now; the first `cope ask` does too"
    return Check("weights", status, "\n".join(lines), advice)


def _default_weights() -> "list[Weights]":
    from ...models.weights.catalog import lookup

    return [lookup("small"), lookup("large")]


def check_disk() -> Check:
    """Check that the cache's disk has room for those default weights that are not there."""
    from rich.filesize import decimal

    from ...models.weights.catalog import cache_dir
    from ...models.weights.resolve import locate_weights

    folder = cache_dir()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    needed = 0
    for entry in _default_weights():
        if locate_weights(entry)[1] is None:
            needed += entry.size
    found = f"{decimal(free)} free for the cache in {folder}"
    if needed and not os.access(existing, os.W_OK):
        advice = "set COPE_CACHE to another folder"
        return Check("disk", "missing", f"{folder} cannot be written", advice)
    if free < needed:
        found += f"; the default weights take {decimal(needed)} more"
        return Check("disk", "missing", found, "make room, or set COPE_CACHE to another folder")
    return Check("disk", "ok", found)


def check_keys() -> Check:
    """Check which keys of APIs are set. Their values are not read."""
    is_set = [name for name in (*KEYS, *MORE_KEYS) if os.environ.get(name)]
    missing = [name for name in KEYS if name not in is_set]
    parts = []
    if is_set:
        parts.append(f"set: {', '.join(is_set)}")
    if missing:
        parts.append(f"not set: {', '.join(missing)}")
    if is_set:
        return Check("keys", "ok", "; ".join(parts))
    return Check("keys", "note", "; ".join(parts), "only API models need one: export NAME=...")
