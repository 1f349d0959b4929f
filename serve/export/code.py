"""The package's own code beside an exported model, so that it runs where only pip is."""

import shutil
from importlib.metadata import distribution
from pathlib import Path

_PACKAGE = "cope"
_DISTRIBUTION = "cope-dspy"


def copy_package(folder: Path) -> list[str]:
    """Copy the package and the metadata that names its entry points.

    Args:
        folder: where the copies go.

    Returns:
        The paths of the copies.
    """
    root = Path(__file__).parents[2]
    code = folder / _PACKAGE
    _copy_package_folder(root, code)
    installed = distribution(_DISTRIBUTION)
    metadata = folder / f"cope_dspy-{installed.version}.dist-info"
    metadata.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        text = installed.read_text(name) or installed.read_text("PKG-INFO") or ""
        (metadata / name).write_text(text, encoding="utf-8")
    return [str(code), str(metadata)]


def _copy_package_folder(source: Path, target: Path) -> None:
    """Copy the files of a package and of its subpackages, and no other folder."""
    target.mkdir()
    for entry in sorted(source.iterdir()):
        if entry.is_dir():
            if (entry / "__init__.py").is_file():
                _copy_package_folder(entry, target / entry.name)
        elif entry.suffix != ".pyc" and _belongs(entry, source):
            shutil.copyfile(entry, target / entry.name)


def _belongs(file: Path, folder: Path) -> bool:
    """Return whether a file is the package's: beside its root lie those of the repository."""
    is_root = folder == Path(__file__).parents[2]
    return not is_root or file.suffix in (".py", ".pyi", ".typed")


def requirements() -> list[str]:
    """Return what the package needs from pip, without its extras."""
    needed = []
    for line in distribution(_DISTRIBUTION).requires or []:
        if "extra ==" not in line:
            needed.append(line)
    return needed
