"""The packages behind the games, imported late, because they are large and optional."""

import json
from functools import cache
from importlib import import_module, util
from pathlib import Path
from typing import Any

from ....errors import CopeError

INSTALL = (
    "games need more packages: pip install 'cope-dspy[agents]' && pip install --no-deps "
    "'alfworld==0.4.2' (without its dependencies, which are not needed)"
)


def check_packages(*names: str) -> None:
    """Raise `CopeError` with what to install when a package is missing."""
    missing = [name for name in names if util.find_spec(name) is None]
    if missing:
        raise CopeError(f"{' and '.join(missing)} is not installed; {INSTALL}")


def check_alfworld() -> None:
    """Raise `CopeError` when the packages of ALFWorld's games are missing."""
    check_packages("textworld", "alfworld", "fast_downward")


def load(module: str) -> Any:
    """Return a module of a package without types."""
    return import_module(module)


@cache
def domain_text() -> str:
    """Return the PDDL domain that the package `alfworld` brings."""
    return (_data() / "alfred.pddl").read_text(encoding="utf-8")


@cache
def grammar_text() -> str:
    """Return the text grammar that the package `alfworld` brings."""
    return (_data() / "alfred.twl2").read_text(encoding="utf-8")


def _data() -> Path:
    return Path(load("alfworld").__path__[0]) / "data"


def game_data(problem: str, task: str) -> str:
    """Return the text of a game's file, in the format of the published games.

    Args:
        problem: the PDDL problem.
        task: what has to be achieved.
    """
    grammar = grammar_text().replace("UNKNOWN GOAL", task)
    return json.dumps({"pddl_domain": domain_text(), "grammar": grammar, "pddl_problem": problem})
