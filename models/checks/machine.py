"""Check what local models need of this machine: an engine, cores, memory, and perhaps a GPU."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from ...util.check import CHECK_SECONDS, Check
from ...util.cores import usable_cpus
from ...util.text import plural
from .weights import default_weights

# Bytes in addition to the weights: the default pair under `cope eval` took 2.5 GB in all.
MEMORY_HEADROOM_BYTES = 1_000_000_000


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
    usable = usable_cpus()
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
    needed = sum(entry.size for entry in default_weights()) + MEMORY_HEADROOM_BYTES
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
