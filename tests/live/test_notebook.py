"""The notebook of the documentation runs with a real, very small model, and a cascade draws itself."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from cope.models.weights import resolve as weights
from cope.models.weights.progress import DownloadBar

pytestmark = pytest.mark.live

NOTEBOOK = Path(__file__).parents[2] / "docs" / "how-to" / "notebook.ipynb"
CELLS = [
    "".join(cell["source"])
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "code"
]


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell and return the value of its last expression, as a notebook does."""
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), "a cell", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "a cell", "eval"), names)


def test_the_notebook_runs_and_a_cascade_draws_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with DownloadBar("smollm2-135m") as bar:
        weights.resolve_weights("smollm2-135m", progress=bar)
    names: dict[str, Any] = {}
    values = [run_cell(source, names) for source in CELLS]
    drawn = next(value for value in values if hasattr(value, "rounds"))
    html = drawn._repr_html_()
    for part in ("<th", ">round<", ">plan<", ">votes<", ">decision<", ">calls<"):
        assert part in html
    assert html.count("<tr>") == 1 + len(drawn.rounds)
    assert "[user]\nA robe takes" in capsys.readouterr().out
    assert list(values[-1]["question"]) == ["What is 6 times 7?", "What is 2 + 2?"]
