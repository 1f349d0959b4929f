"""Optimizers by name: those of the project, and those that another package brings."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.compile_command import World, cope, made

from cope.errors import CopeError
from cope.optimize import OPTIMIZERS
from cope.optimize.optimizers.registry import optimizer_by_name

MODULE = """
from cope.optimize.optimizers.base import OptimizerContext, Optimizer


class Careful(Optimizer):
    name = "careful"
    description = "instructions: a word of care is added"
    changes_instructions = True

    def min_questions(self, context: OptimizerContext) -> int:
        return len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        return len(context.valset), 0

    def compile(self, context: OptimizerContext):
        student = context.student.deepcopy()
        for _, predict in student.named_parameters():
            predict.signature = predict.signature.with_instructions("Double it, carefully.")
        return student


OPTIMIZER = Careful()
"""
FILES = {
    "their_optimizer.py": MODULE,
    "their_optimizer-1.0.dist-info/METADATA": "Name: their-optimizer\nVersion: 1.0\n",
    "their_optimizer-1.0.dist-info/entry_points.txt": (
        "[cope.optimizers]\ncareful = their_optimizer:OPTIMIZER\ngepa = their_optimizer:OPTIMIZER\n"
    ),
}


@pytest.fixture
def their_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package of somebody else's that is installed while the test runs."""
    folder = tmp_path / "site"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(folder)
    vars(OPTIMIZERS).pop("_entry_points", None)
    yield
    vars(OPTIMIZERS).pop("_entry_points", None)
    OPTIMIZERS._loaded.pop("careful", None)


def test_every_optimizer_is_registered_under_its_own_name() -> None:
    assert {name: optimizer.name for name, optimizer in OPTIMIZERS.items()} == {
        name: name for name in OPTIMIZERS
    }
    assert len(OPTIMIZERS) == 14


def test_the_help_lists_each_optimizer_with_what_it_changes() -> None:
    shown = " ".join(cope("compile", "--help").stdout.split())
    for name, optimizer in OPTIMIZERS.items():
        assert f"{name} {optimizer.description}" in shown


@pytest.mark.usefixtures("their_package")
def test_an_optimizer_of_another_package_compiles_a_program_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    World(tmp_path, monkeypatch)
    result = made("--optimizer", "careful", "--json")
    document = json.loads(result.stdout)
    assert "optimizer  careful, instructions: a word of care is added" in result.stderr
    assert document["improved"] and document["after"]["accuracy"] == 1.0
    saved = json.loads(Path(document["output"]).read_text())
    assert saved["compiled"]["optimizer"] == "careful"
    assert "carefully" in saved["round_1.reasoner.predict"]["signature"]["instructions"]
    shown = " ".join(cope("compile", "--help").stdout.split())
    assert "careful instructions: a word of care is added" in shown


@pytest.mark.usefixtures("their_package")
def test_what_another_package_cannot_bring(tmp_path: Path) -> None:
    points = tmp_path / "site/their_optimizer-1.0.dist-info/entry_points.txt"
    points.write_text(points.read_text() + "wrong = their_optimizer:Careful\n")
    assert type(optimizer_by_name("gepa")).__name__ == "GEPAOptimizer", (
        "a name of the project's own stays"
    )
    with pytest.raises(CopeError, match="the optimizer 'wrong' of their-optimizer cannot be used"):
        optimizer_by_name("wrong")
