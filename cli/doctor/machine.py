"""What `cope doctor` looks at: each check takes two seconds at most and says what it found and what to do."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .check import SECONDS, Check

ROOM = 1_000_000_000  # bytes beside the weights: the default pair under `cope eval` was measured at 2.5 GB in all
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
    """All checks, side by side, in the order in which they are read."""
    from .services import ollama, sandbox, tracking_store

    looks = [python, engine, cpu, memory, gpu, weights, disk, sandbox, ollama, keys, tracking_store]
    with ThreadPoolExecutor(len(looks)) as pool:
        return list(pool.map(_guarded, looks))


def _guarded(look: Callable[[], Check]) -> Check:
    try:
        return look()
    except Exception as error:  # one look that fails must not hide the others
        name = look.__name__.replace("_", " ")
        return Check(name, "note", f"could not be looked at ({type(error).__name__}: {error})")


def python() -> Check:
    versions = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            return Check(
                "python", "missing", f"{package} is not installed", "install cope-dspy again"
            )
    found = f"Python {platform.python_version()}, cope {version('cope-dspy')} with {', '.join(versions)}"
    return Check("python", "ok", found)


def engine() -> Check:
    """Whether the embedded engine's library loads; in a process of its own, since a wrong CPU would end this one."""
    code = "import xllamacpp as x; print(', '.join(d['description'] for d in x.get_device_info()))"
    name, command = "embedded engine", [sys.executable, "-c", code]
    try:
        tried = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Check(
            name,
            "note",
            f"did not load within {SECONDS:g} s",
            "look again when the machine is idle",
        )
    if tried.returncode:
        why = (tried.stderr.strip().splitlines() or [f"ended with status {tried.returncode}"])[-1]
        return Check(
            name,
            "missing",
            f"does not load: {why}",
            "install xllamacpp again, or use ollama/ models",
        )
    return Check(name, "ok", f"loads; computes on {tried.stdout.strip()}")


def cpu() -> Check:
    import psutil

    cores, threads = psutil.cpu_count(logical=False) or 1, psutil.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else threads
    less = f", {usable} of them for this process" if usable < threads else ""
    return Check(
        "cpu",
        "ok",
        f"{cores} core{'s' * (cores != 1)}, {threads} thread{'s' * (threads != 1)}{less}",
    )


def memory() -> Check:
    import psutil
    from rich.filesize import decimal

    free, needed = psutil.virtual_memory().available, sum(w.size for w in _default_weights()) + ROOM
    if (left := _left_in_container()) is not None:
        free = min(free, left)
    found = f"{decimal(free)} free; the default pair needs about {decimal(needed)}"
    if free >= needed:
        return Check("memory", "ok", found)
    return Check(
        "memory",
        "missing",
        found,
        "close other programs, or name smaller models with --small and --large",
    )


def _left_in_container() -> int | None:
    """What the control group leaves, where one bounds the memory."""
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (
            (group / "memory.max").read_text().strip(),
            (group / "memory.current").read_text(),
        )
        cache = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    # Cached files count as used, but give way.
    return None if limit == "max" else int(limit) - int(used) + int(cache.get("inactive_file", 0))


def gpu() -> Check:
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return Check("gpu", "ok", "Apple's, shared with the CPU")
    if command := shutil.which("nvidia-smi"):
        asked = [command, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        try:
            told = subprocess.run(
                asked, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Check("gpu", "note", f"nvidia-smi did not answer within {SECONDS:g} s")
        if told.returncode == 0 and told.stdout.strip():
            return Check(
                "gpu", "ok", f"{'; '.join(told.stdout.strip().splitlines())} (Ollama uses it)"
            )
    if Path("/dev/kfd").exists():
        return Check("gpu", "ok", "one from AMD (Ollama uses it)")
    return Check("gpu", "note", "none seen: local models run on the CPU")


def weights() -> Check:
    from rich.filesize import decimal

    from ...models.weights.resolve import cache_dir

    lines, status, advice = [], "ok", ""
    for entry in _default_weights():
        place, size = weights_place(entry.file)
        partial = cache_dir() / f"{entry.file}.partial"
        if size == entry.size:
            lines.append(f"{entry.name}: {place}")
        elif size is not None:
            lines.append(f"{entry.name}: {place} has {decimal(size)}, not {decimal(entry.size)}")
            status, advice = "missing", f"delete {place}; `cope models pull` brings the right one"
        else:
            part = (
                f", {partial.stat().st_size / entry.size:.0%} are there" if partial.exists() else ""
            )
            lines.append(f"{entry.name}: not here ({decimal(entry.size)}{part})")
            if status == "ok":
                status, advice = (
                    "note",
                    "`cope models pull` brings them now; the first `cope ask` does too",
                )
    return Check("weights", status, "\n".join(lines), advice)


def weights_place(file: str) -> tuple[Path, int | None]:
    """Where a file of weights is or would be, and its size in bytes if it is there. Its content is not read."""
    from ...models.weights.resolve import cache_dir

    folders = [Path(named).expanduser()] if (named := os.environ.get("COPE_WEIGHTS")) else []
    for folder in [*folders, cache_dir()]:
        if (place := folder / file).is_file():
            return place, place.stat().st_size
    return cache_dir() / file, None


def _default_weights() -> list:
    from ...models.weights.resolve import lookup

    return [lookup("small"), lookup("large")]


def disk() -> Check:
    from rich.filesize import decimal

    from ...models.weights.resolve import cache_dir

    folder = cache_dir()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    needed = sum(entry.size for entry in _default_weights() if weights_place(entry.file)[1] is None)
    found = f"{decimal(free)} free for the cache in {folder}"
    if needed and not os.access(there, os.W_OK):
        return Check(
            "disk", "missing", f"{folder} cannot be written", "set COPE_CACHE to another folder"
        )
    if free < needed:
        found += f"; the default weights take {decimal(needed)} more"
        return Check("disk", "missing", found, "make room, or set COPE_CACHE to another folder")
    return Check("disk", "ok", found)


def keys() -> Check:
    """Keys by name; their values are never read further than whether there is one."""
    there = [name for name in (*KEYS, *MORE_KEYS) if os.environ.get(name)]
    lacking = [name for name in KEYS if name not in there]
    parts = [
        f"{title}: {', '.join(names)}"
        for title, names in (("set", there), ("not set", lacking))
        if names
    ]
    advice = "" if there else "only API models need one: export NAME=..."
    return Check("keys", "ok" if there else "note", "; ".join(parts), advice)
