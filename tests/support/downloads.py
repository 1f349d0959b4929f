"""Downloads of weights: one in a process of its own, and what a progress callback received."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from cope.models.weights.catalog import Weights


class Told(list[tuple[int, int, str]]):
    """Keeps what a progress callback is told."""

    def __call__(self, done: int, total: int, source: str) -> None:
        self.append((done, total, source))


def in_process(
    weights: Weights, target: Path, before: str = "", progress: str = "pass", **options: Any
) -> subprocess.Popen[str]:
    """Start a download in a process of its own, which may be killed or limited.

    Args:
        weights: the file to download.
        target: where it goes.
        before: lines of Python that run first.
        progress: what the progress callback does with `done`, `total` and `source`.
        options: of `subprocess.Popen`.
    """
    code = (
        "import os, resource, signal\nfrom pathlib import Path\nfrom cope.errors import CopeError\n"
        "from cope.models.weights.download import download\nfrom cope.models.weights.catalog import Weights\n"
        f"def progress(done, total, source):\n    {progress}\n{before}\n"
        f"try: download({weights!r}, Path({str(target)!r}), progress)\n"
        "except CopeError as error: raise SystemExit(str(error))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, **options
    )
