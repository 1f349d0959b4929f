"""The examples in the docstrings of the package give the results that they show."""

import doctest
import importlib
from pathlib import Path

import pytest
from support.product_files import product_files

import cope

ROOT = Path(cope.__file__).parent
PROMPT = "    >>> "


def modules_with_examples() -> list[str]:
    """Return the names of the modules of the package whose source shows an example."""
    names = []
    for file, parts in product_files(ROOT):
        if PROMPT in file.read_text(encoding="utf-8"):
            names.append(".".join(("cope", *parts)).removesuffix(".__init__"))
    return names


MODULES = modules_with_examples()


def test_examples_are_found() -> None:
    assert len(MODULES) > 100 and "cope.answers.short.equivalence" in MODULES


@pytest.mark.slow  # it imports every module
@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_docstring_run(name: str) -> None:
    assert not doctest.testmod(importlib.import_module(name)).failed
