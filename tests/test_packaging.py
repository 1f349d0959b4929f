"""What pyproject.toml says of the package equals the folders on disk; built, it can be tested and asked elsewhere."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
NOT_PACKAGED = {"benchmarks", "build", "deploy", "dist", "docs", "tests"}
FOR_TESTS = (".ci", ".github", "benchmarks", "deploy", "docs", "tests")
ASK = """
import json
import sys

import cope
from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.programs import load_preset

engine = ScriptedEngine(lambda messages, request: "Two and two make four.\\nAnswer: 4")
cascade = Cascade(load_preset("cope"), Team(engine, engine, cache=False))
answer = cascade(question="What is 2 + 2?").answer
print(json.dumps([cope.__file__, answer]))
"""


def package_folders() -> Iterator[Path]:
    """The folders of the package and of its subpackages."""
    yield ROOT
    for top in sorted(ROOT.iterdir()):
        if top.is_dir() and top.name not in NOT_PACKAGED and not top.name.startswith("."):
            for marker in sorted(top.rglob("__init__.py")):
                yield marker.parent


def package_of(folder: Path) -> str:
    return ".".join(("cope", *folder.relative_to(ROOT).parts))


def data_patterns(package: str) -> list[str]:
    patterns = SETUPTOOLS["package-data"]
    return [*patterns["*"], *patterns.get(package, [])]


def test_the_packages_are_the_folders_on_disk():
    assert SETUPTOOLS["packages"] == sorted(map(package_of, package_folders()))


def test_every_data_file_of_a_package_is_packaged():
    for folder in package_folders():
        if folder == ROOT:
            continue  # the repository's own files lie there too
        patterns = data_patterns(package_of(folder))
        for file in folder.iterdir():
            if file.is_file() and file.suffix not in (".py", ".pyc"):
                assert any(fnmatch(file.name, pattern) for pattern in patterns), file


def test_every_pattern_of_package_data_finds_a_file():
    for package, patterns in SETUPTOOLS["package-data"].items():
        folder = ROOT if package == "*" else ROOT.joinpath(*package.split(".")[1:])
        for pattern in patterns:
            assert list(folder.glob(pattern)), f"{package}: nothing is called {pattern}"


@dataclass
class Built:
    """The wheel, and the folder into which the source distribution was unpacked."""

    wheel: Path
    source: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build both distributions from a copy, because a build leaves files in the folder that it builds from."""
    folder = tmp_path_factory.mktemp("build")
    copy, made = folder / "copy", folder / "made"
    left_out = shutil.ignore_patterns(
        ".git", ".venv", ".typing", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "dist"
    )
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    run("uv", "build", "--quiet", "--out-dir", str(made), str(copy), cwd=folder)
    (sdist,), (wheel,) = made.glob("*.tar.gz"), made.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    return Built(wheel, source)


def run(*words: str, cwd: Path, **environment: str) -> str:
    """Run a command outside the repository; returns its standard output."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=cwd, env={**inherited, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_source_distribution_holds_what_the_tests_take(built: Built, tmp_path: Path):
    for name in FOR_TESTS:
        for file in (ROOT / name).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert (built.source / file.relative_to(ROOT)).is_file(), file
    # The unpacked package stands in for the installed one.
    (tmp_path / "cope").symlink_to(built.source)
    words = (sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider")
    tests = ("tests/test_packaging.py", "tests/util", "tests/signatures")
    assert " passed" in run(*words, *tests, cwd=built.source, PYTHONPATH=str(tmp_path))


@pytest.mark.slow
def test_the_wheel_answers_a_question_in_an_empty_environment(built: Built, tmp_path: Path):
    # The same versions as here, so that nothing is resolved or downloaded anew.
    versions = {found.name: found.version for found in distributions()}
    here = [f"{name}=={version}\n" for name, version in versions.items() if name != "cope-dspy"]
    (tmp_path / "constraints.txt").write_text("".join(here))
    (tmp_path / "ask.py").write_text(ASK)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    run("uv", "venv", "--quiet", "--python", sys.executable, "venv", cwd=tmp_path)
    words = ("uv", "pip", "install", "--quiet", "--python", str(python))
    run(*words, "-c", "constraints.txt", str(built.wheel), cwd=tmp_path)
    file, answer = json.loads(run(str(python), "ask.py", cwd=tmp_path))
    assert answer == "4"
    assert Path(file).is_relative_to(tmp_path)
    shown = run(str(python.with_name("cope")), "ask", "--help", cwd=tmp_path)
    assert "Answer QUESTION" in shown
