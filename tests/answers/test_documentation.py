"""The examples in the page on answers, and in the docstrings of the room, do what they show."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import cope.answers

PAGE = Path(cope.answers.__path__[0]).parent / "docs" / "answers.md"
MODULES = [
    module.name
    for module in pkgutil.walk_packages(cope.answers.__path__, "cope.answers.")
    if not module.name.endswith("algebra_worker")  # it runs in a process of its own
]


def test_the_page_does_what_it_shows() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted >= 4 and not result.failed


@pytest.mark.parametrize("name", MODULES)
def test_the_docstrings_do_what_they_show(name: str) -> None:
    assert not doctest.testmod(importlib.import_module(name)).failed
