"""No module of the package imports another one in a circle, whatever kind of import it is."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.product_files import product_files

import cope

ROOT = Path(cope.__file__).parent
PACKAGE = "cope"


def module_files(root: Path, package: str) -> dict[str, Path]:
    """Return the files of the modules by name; a package's `__init__.py` has the package's name."""
    files: dict[str, Path] = {}
    for file, parts in product_files(root):
        if parts[-1] == "__init__":
            parts = parts[:-1]
        files[".".join((package, *parts))] = file
    return files


def imported_names(file: Path, module: str) -> Iterator[tuple[str, str | None]]:
    """Yield the module, and the name in it, of each import statement of a file.

    Imports inside functions and under `TYPE_CHECKING` count like those at the top: they show that two modules cannot be
    understood, or moved, one without the other.
    """
    package = module if file.stem == "__init__" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                base = package.split(".")[: len(package.split(".")) - node.level + 1]
                source = ".".join((*base, *source.split("."))).rstrip(".")
            for alias in node.names:
                yield source, alias.name


def exported_names(files: Mapping[str, Path]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return where each name of a package's `__init__` comes from; lazily loaded packages say so in their stubs."""
    exports: dict[tuple[str, str], tuple[str, str]] = {}
    for module, file in files.items():
        if file.stem != "__init__":
            continue
        stub = file.with_suffix(".pyi")
        for source, name in imported_names(stub if stub.exists() else file, module):
            if name is not None:
                exports[module, name] = source, name
    return exports


def import_graph(root: Path, package: str) -> dict[str, set[str]]:
    """Return the modules that each module imports.

    A name that a package's `__init__` only passes on leads to the module that defines it. That importing a module also runs
    the `__init__` of its packages is no edge, because every package would be a circle.
    """
    files = module_files(root, package)
    exports = exported_names(files)
    graph: dict[str, set[str]] = {}
    for module, file in files.items():
        graph[module] = set()
        for source, name in imported_names(file, module):
            target, wanted = source, name
            while wanted is not None and f"{target}.{wanted}" not in files:
                if (target, wanted) not in exports:
                    wanted = None
                    break
                target, wanted = exports[target, wanted]
            if wanted is not None:
                target = f"{target}.{wanted}"
            if target in files and target != module:
                graph[module].add(target)
    return graph


def reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Return the modules that a module imports, directly or by way of others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for module in graph[waiting.pop()] - found:
            found.add(module)
            waiting.append(module)
    return found


def circles(graph: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """Return the largest groups of modules that all import each other."""
    reached = {module: reachable(graph, module) for module in graph}
    found: set[frozenset[str]] = set()
    for module in graph:
        if module in reached[module]:
            found.add(frozenset(other for other in reached[module] if module in reached[other]))
    return found


@pytest.mark.slow
def test_no_module_imports_another_in_a_circle():
    graph = import_graph(ROOT, PACKAGE)
    assert len(graph) > 200 and "cope.programs.systems.base" in graph["cope.eval.run.evaluate"]
    assert circles(graph) == set()


@pytest.mark.parametrize(
    "back",
    [
        "from .one import A",
        "from x.one import A",
        "import x.one",
        "from . import one",
        "from x import A",
        "def later():\n    from . import one",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .one import A",
    ],
)
def test_a_circle_of_any_kind_is_found(tmp_path: Path, back: str):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "__init__.pyi").write_text("from .one import A as A\n")
    (tmp_path / "one.py").write_text("from .two import B\nA = 1\n")
    (tmp_path / "two.py").write_text(f"B = 1\n{back}\n")
    graph = import_graph(tmp_path, "x")
    assert circles(graph) == {frozenset({"x.one", "x.two"})}
