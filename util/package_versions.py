"""Check the versions of Python and of the packages that this one stands on."""

import platform
from importlib.metadata import PackageNotFoundError, version

from .check import Check

_PACKAGES = ("dspy", "mlflow", "ollama", "xllamacpp", "datasets")


def check_packages() -> Check:
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
