"""The recipes of CONTRIBUTING.md, installed as one package and used by name through the command line."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.third_party import installed

from cope.answers.kinds.registry import ANSWER_KINDS
from cope.cli.main import app
from cope.eval.tasks.registry import TASKS
from cope.models.engines.registry import ENGINES
from cope.optimize.optimizers.registry import OPTIMIZERS
from cope.programs.confidence.registry import CONFIDENCES
from cope.programs.domains.registry import DOMAINS
from cope.programs.plan_kinds import PLAN_KINDS
from cope.programs.systems.registry import SYSTEMS

TEXT = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
REGISTRIES = (
    TASKS,
    DOMAINS,
    ANSWER_KINDS,
    PLAN_KINDS,
    CONFIDENCES,
    ENGINES,
    OPTIMIZERS,
    SYSTEMS,
)


@dataclass
class Recipes:
    """What the recipes show: modules and other files by name, entry points by group, commands."""

    modules: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)


def read_recipes() -> Recipes:
    """Read the blocks and commands of CONTRIBUTING.md."""
    recipes = Recipes()
    for language, block in re.findall(r"```(python|toml)\n(.*?)```", TEXT, flags=re.DOTALL):
        named = re.match(r"# (\w+)\.(py|toml)\n", block)
        if language == "python":
            assert named, block
            recipes.modules[named[1]] = block
        elif named:
            recipes.files[f"{named[1]}.toml"] = block
        else:
            groups = tomllib.loads(block)["project"]["entry-points"]
            for group, places in groups.items():
                recipes.entries[group] = places
    commands = re.findall(r"^Run `(cope .*)`\.$", TEXT, flags=re.MULTILINE)
    recipes.commands = list(dict.fromkeys(commands))
    return recipes


RECIPES = read_recipes()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install all recipes as one package."""
    folder = tmp_path_factory.mktemp("recipes")
    for name, source in RECIPES.modules.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    with installed(folder, "cope_recipes", "", RECIPES.entries, REGISTRIES):
        yield


def test_each_registry_has_a_recipe():
    assert set(RECIPES.entries) == {registry.group for registry in REGISTRIES}


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("command", RECIPES.commands)
def test_a_recipe_works(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name, text in RECIPES.files.items():
        Path(name).write_text(text, encoding="utf-8")
    instruments = ("a piano", "a drum", "a flute")
    rows = [{"question": f"Who has key {n}?", "answer": instruments[n % 3]} for n in range(12)]
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(app, shlex.split(command)[1:])
    assert result.exit_code == 0, result.output
    if "instruments" in command:
        assert "accuracy 33.3%" in result.stdout, "a piano is right for one of three questions"
    if "riddles" in command:
        assert "50.0%" in result.stdout, "the answer is right for one of two riddles"
