"""Closed standard streams, and devices in place of files: one line or nothing, and never a hang."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cope.errors import CopeError
from cope.optimize.compiler.output import check_output_path
from cope.util.output_files import check_output

pytestmark = pytest.mark.skipif(os.name == "nt", reason="uses a shell and devices of Unix")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("--help >&-", 0, ""),
        ("aks 2>&-", 2, ""),
        pytest.param("show small >&-", 0, "", marks=pytest.mark.slow),
        pytest.param("show nothing 2>&-", 1, "", marks=pytest.mark.slow),
        pytest.param("ask - <&-", None, "error: ", marks=pytest.mark.slow),
    ],
)
def test_closed_streams_are_no_traceback(words: str, status: int | None, said: str, tmp_path: Path):
    code = "from cope.cli.main import main; main()"
    command = f'exec "{sys.executable}" -c "{code}" {words}'
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert status is None or done.returncode == status, done
    assert said.lower() in done.stderr.lower()
    assert "unexpected" not in done.stderr and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize("force", [None, False, True])
def test_a_device_is_never_read_or_replaced(force: bool | None):
    def read(path: Path) -> bool:
        raise AssertionError("an endless device was read")

    with pytest.raises(CopeError, match="/dev/zero is not a file: name another with -o"):
        check_output(Path("/dev/zero"), [], "calibration", read, force=force)
    with pytest.raises(CopeError, match="cannot write the program /dev/zero: choose another"):
        check_output_path(Path("/dev/zero"), "id", overwrite=bool(force))
