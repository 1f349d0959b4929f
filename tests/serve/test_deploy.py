"""The files in deploy/: linted where a linter is, and every option of `cope` in them is known."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNIT = (DEPLOY / "cope.service").read_text()


def commands() -> dict[str, list[str]]:
    """Every command of `cope` in the files, by file."""
    (image,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    (unit,) = re.findall(r"^ExecStart=.* cope (.*)$", UNIT, re.MULTILINE)
    return {
        "Dockerfile": json.loads(image),
        "compose.yaml": COMPOSE["services"]["cope"]["command"],
        "cope.service": [word for word in shlex.split(unit) if not word.startswith("$")],
    }


@pytest.mark.parametrize("file", ["Dockerfile", "compose.yaml", "cope.service"])
def test_the_commands_are_understood(file: str) -> None:
    name, *words = commands()[file]
    assert name == "serve"
    command = import_module("cope.cli.commands.serve").command
    context = click.Context(command, info_name="serve")
    rest = command.make_parser(context).parse_args(list(words))[1]
    assert rest == [] and "--key-file" in " ".join(words)


def test_the_image_is_built_from_every_room_and_nothing_else() -> None:
    known = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
        "packages"
    ]
    rooms = {package.split(".")[1] for package in packages if "." in package}
    assert known[0] == "*"
    files = {"*.py", "*.pyi", "py.typed", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"}
    assert {line[1:] for line in known if line.startswith("!")} == rooms | files


def test_compose_has_versions_health_and_a_port_of_this_machine_only() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        version = service["image"].partition(":")[2]
        assert "build" in service or re.fullmatch(r"\d[\w.]*", version), name
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        for other in service.get("depends_on", {}):
            assert other in services
    assert services["cope"]["ports"] == ["127.0.0.1:8321:8321"]
    assert services["cope"]["build"]["dockerfile"] == "deploy/Dockerfile"
    assert "healthcheck" in services["ollama"] and "HEALTHCHECK" in DOCKERFILE
    assert re.search(r"^USER [1-9]", DOCKERFILE, re.MULTILINE), "not as root"


def lint(*command: str) -> None:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    linter = shutil.which(command[0], path=places)
    if linter is None:
        pytest.skip(f"there is no {command[0]}")
    done = subprocess.run([linter, *command[1:]], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_dockerfile_is_linted() -> None:
    lint("hadolint", "--no-color", str(DEPLOY / "Dockerfile"))


@pytest.mark.slow
def test_the_unit_is_verified() -> None:
    lint("systemd-analyze", "verify", str(DEPLOY / "cope.service"))
