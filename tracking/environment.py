"""Describe the environment of a run: versions, and the commit of the working directory."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version


def environment() -> dict[str, str]:
    """Return versions, and the commit of the user's working directory, to reproduce the run."""
    facts = {"python": platform.python_version(), "platform": platform.platform()}
    for package in ("cope-dspy", "dspy", "mlflow", "xllamacpp", "ollama"):
        try:
            facts[f"version.{package}"] = version(package)
        except PackageNotFoundError:
            continue
    try:
        git = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
        if git.returncode == 0:
            facts["git_commit"] = git.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        pass
    return facts
