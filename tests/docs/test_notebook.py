"""The notebook is stored without outputs, and its code compiles."""

import ast
import json

from support.documentation import DOCS


def test_the_notebook_has_no_outputs():
    notebook = json.loads((DOCS / "how-to" / "notebook.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            ast.parse("".join(cell["source"]))
