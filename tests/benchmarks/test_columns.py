"""The tables of the benchmarks have a name of its own for each column, so that JSON keeps all."""

import importlib
from typing import Any

import pytest
from support.benchmarks import FOLDER

SCRIPTS = sorted(file.stem for file in FOLDER.glob("[!_]*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_columns_have_different_names(script: str) -> None:
    header = getattr(importlib.import_module(script), "HEADER", ())
    assert len(set(header)) == len(header)


def test_two_columns_of_one_name_are_an_error() -> None:
    shared: Any = importlib.import_module("_shared")
    with pytest.raises(ValueError, match="two columns have one name: a, 95%, 95%"):
        shared.finish(True, ("a", "95%", "95%"), [], [])
