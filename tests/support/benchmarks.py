"""The scripts in benchmarks/, which are no package."""

import importlib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> Any:
    """Import a script by its name; the tests' conftest puts the folder on the path."""
    return importlib.import_module(name)
