"""Another package, installed in a temporary folder, that brings variants through entry points."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from cope.util.registry import Registry


@contextmanager
def installed(
    folder: Path,
    module: str,
    source: str,
    entries: Mapping[str, Mapping[str, str]],
    registries: tuple[Registry, ...],
) -> Iterator[None]:
    """Install a package with one module while the block runs.

    Args:
        folder: an empty folder, which becomes part of the path of modules.
        module: the name of the module and of the package.
        source: the module's Python source.
        entries: by group of entry points, the object's place by name.
        registries: those that read their entry points again.
    """
    (folder / f"{module}.py").write_text(source, encoding="utf-8")
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", encoding="utf-8"
    )
    lines = []
    for group, places in entries.items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {place}" for name, place in places.items()]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        for registry in registries:
            patch.setattr(registry, "_loaded", dict(registry._loaded))
            registry.__dict__.pop("_entry_points", None)
        try:
            yield
        finally:
            for registry in registries:
                registry.__dict__.pop("_entry_points", None)
