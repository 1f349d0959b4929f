"""The files of the package's presets."""

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

_PACKAGE = __name__.rpartition(".")[0]


def preset_names() -> list[str]:
    """Return the names of the package's presets."""
    return list(bundled_files())


@cache
def bundled_files() -> dict[str, Traversable]:
    """Return the files of the package's presets by name, which are listed once."""
    folder = resources.files(_PACKAGE).joinpath("presets")
    files = {}
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            files[file.name.removesuffix(".toml")] = file
    return dict(sorted(files.items()))
