"""Fill the parts of a page that are generated from the code.

A page holds a line `<!-- generated: NAME -->` where the part `NAME` belongs.
"""

import json
import re
from pathlib import Path

from code_tables import (
    REGISTRIES,
    environment_variables,
    preset_keys,
    presets,
    program_keys,
    record_columns,
    registry_table,
)
from command_line import command_line
from python_api import python_api

DOCS = Path(__file__).parents[1]
MARK = re.compile(r"^<!-- generated: (.+) -->$", re.MULTILINE)

PARTS = {
    "command line": command_line,
    "presets": presets,
    "preset keys": preset_keys,
    "program keys": program_keys,
    "record columns": record_columns,
    "environment variables": environment_variables,
}
"""What makes each part, by its name. So are `python PACKAGE`, `notebook FILE` and each registry."""


def fill(text: str) -> str:
    """Return a page with its generated parts.

    Raises:
        KeyError: for a part that does not exist.
    """
    return MARK.sub(lambda mark: _part(mark[1]), text)


def _part(name: str) -> str:
    if name.startswith("python "):
        return python_api(name.removeprefix("python "))
    if name.startswith("notebook "):
        return _notebook(DOCS / name.removeprefix("notebook "))
    if name in REGISTRIES:
        return registry_table(REGISTRIES[name])
    return PARTS[name]()


def _notebook(file: Path) -> str:
    """Return the cells of a notebook as Markdown, with its headings one level lower."""
    parts = []
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        is_code = cell["cell_type"] == "code"
        parts.append(f"```python\n{text}\n```" if is_code else re.sub("^#", "##", text))
    return "\n\n".join(parts)
