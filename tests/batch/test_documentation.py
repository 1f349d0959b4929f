"""The example of the documentation runs."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "tables.md"


def test_the_example_of_the_page_runs():
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 5 and not outcome.failed
