"""What docs/how-to/programs.md shows is what comes out."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from cope.sandbox import Sandbox

DOCS = Path(__file__).parents[2] / "docs" / "how-to" / "programs.md"


@pytest.mark.slow
def test_the_example_prints_what_it_says(walled: Sandbox) -> None:
    example, printed = re.findall(r"```(?:python|text)\n(.*?)\n```\n", DOCS.read_text(), re.S)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(example, str(DOCS), "exec"), {})
    assert out.getvalue().strip() == printed
