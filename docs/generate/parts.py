"""Fill the parts of a page that are generated from the code.

A page holds a line `<!-- generated: NAME -->` where the part `NAME` belongs.
"""

import re

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

MARK = re.compile(r"^<!-- generated: (.+) -->$", re.MULTILINE)

PARTS = {
    "command line": command_line,
    "presets": presets,
    "preset keys": preset_keys,
    "program keys": program_keys,
    "record columns": record_columns,
    "environment variables": environment_variables,
}
"""What makes each part, by its name. `python PACKAGE` and the names of registries are parts too."""


def fill(text: str) -> str:
    """Return a page with its generated parts.

    Raises:
        KeyError: for a part that does not exist.
    """
    return MARK.sub(lambda mark: _part(mark[1]), text)


def _part(name: str) -> str:
    if name.startswith("python "):
        return python_api(name.removeprefix("python "))
    if name in REGISTRIES:
        return registry_table(REGISTRIES[name])
    return PARTS[name]()
