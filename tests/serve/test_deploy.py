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
from support.fault_server import Reply, faulty

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


def test_the_unit_stops_the_first_process_alone() -> None:
    """It tells the workers; a second signal would end them at once."""
    assert "KillMode=mixed" in UNIT.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("words", [["verify"], ["security", "--offline=true", "--threshold=25"]])
def test_the_unit_is_verified_and_hardened(words: list[str]) -> None:
    lint("systemd-analyze", *words, str(DEPLOY / "cope.service"))


def health_check() -> list[str]:
    """The command of the health check, for this interpreter and a free port."""
    (written,) = re.findall(r"HEALTHCHECK[^\[]*CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    python, *words = json.loads(written)
    assert python == "python" and "8321" in words[-1]
    return [sys.executable, *words]


@pytest.mark.slow
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_asks_the_server_itself(
    status: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # a proxy does not reach this machine
    with faulty(Reply({"status": "ok"}, status=status)) as server:
        command = [word.replace("8321", str(server.server_port)) for word in health_check()]
        assert subprocess.run(command, timeout=30, check=False).returncode == code
        assert server.paths == ["/healthz"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("there", "pulled"), [("", ["a:1", "b c"]), ("a:1", ["b c"]), ("a:1 b", ["b c"])]
)
def test_compose_pulls_the_models_that_are_missing(
    tmp_path: Path, there: str, pulled: list[str]
) -> None:
    """Compose puts its own variables in, and leaves those that are written with two signs."""
    (script,) = COMPOSE["services"]["models"]["command"]
    script = script.replace("${COPE_SMALL:-qwen2.5:1.5b}", "a:1")
    script = script.replace("${COPE_LARGE:-qwen2.5:7b}", "b c").replace("$$", "$")
    ollama = tmp_path / "ollama"
    case = f'[ "$1" = pull ] && echo "$2" >> {tmp_path}/pulled && exit 0\n'
    ollama.write_text(
        f'#!/bin/sh\n{case}for one in {there}; do [ "$one" = "$2" ] && exit 0; done; exit 1\n'
    )
    ollama.chmod(0o755)
    (tmp_path / "pulled").touch()
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    command = ["/bin/sh", "-c", script]
    subprocess.run(command, env={"PATH": path}, timeout=30, check=True)
    assert (tmp_path / "pulled").read_text().splitlines() == pulled
