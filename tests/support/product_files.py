"""The Python files of the package, which is the root of the repository."""

from collections.abc import Iterator
from pathlib import Path

OUTSIDE = (
    "tests",
    "benchmarks",
    "examples",
    "build",
)  # folders of the repository that are no rooms


def product_files(root: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield each file with the parts of its module's name; folders such as `.venv` are not walked."""
    for entry in sorted(root.iterdir()):
        if entry.name in OUTSIDE or entry.name.startswith("."):
            continue
        for file in sorted(entry.rglob("*.py")) if entry.is_dir() else [entry]:
            if file.suffix == ".py":
                yield file, file.relative_to(root).with_suffix("").parts
