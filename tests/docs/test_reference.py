"""The generated pages name all that the code offers."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import click
import pytest
from support.documentation import DOCS, PAGES, ROOT, filled_page, generator
from support.product_files import product_files
from support.sweeps import sweep

from cope.eval.recording.schema import COLUMNS
from cope.programs import Preset
from cope.programs.preset import preset_names
from cope.programs.preset_round import Round
from cope.programs.state_schema import PREDICTOR_KEYS, PROGRAM_KEYS, _Predictor
from cope.util.environment import ENVIRONMENT_VARIABLES, read_variable

READ = re.compile(
    r"""(?:environ(?:\.get)?[([]|getenv\(|read_variable\(|read_key\()\s*"([A-Z_]+)\""""
)
NOT_OURS = {"SYSTEMROOT", "DEMO_API_KEY"}


def named(page: str, names: object) -> None:
    """Check that a page describes each name in a row of a table."""
    text = filled_page(page)
    for name in names:  # type: ignore[attr-defined]
        row = re.search(rf"^\|.*`{re.escape(name)}`.*\|.*[a-z].*\|$", text, re.MULTILINE)
        assert row, f"{page} does not describe {name}"


def test_commands_and_their_options_are_described():
    page = filled_page("reference/command-line")
    commands = dict(generator("command_line").commands())
    assert {"cope ask", "cope models pull", "cope judge-check"} <= set(commands)
    for path, command in commands.items():
        section = re.search(rf"^## {path}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
        assert section, path
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert max(parameter.opts, key=len) in section[1], (path, parameter.opts)


def test_keys_of_presets_are_described():
    named("reference/presets", [*preset_names(), *Preset.model_fields, *Round.model_fields])


def test_keys_of_program_files_are_described():
    named("reference/program-file", [*PROGRAM_KEYS, *PREDICTOR_KEYS])
    assert set(PREDICTOR_KEYS) == set(_Predictor.model_fields)


def test_columns_of_records_are_described():
    named("reference/records", [column.name for column in COLUMNS])


@sweep("name", sorted(generator("code_tables").REGISTRIES), every=3)
def test_built_in_names_are_described(name: str):
    tables = generator("code_tables")
    named("reference/names", [e.name for e in tables.own_entries(tables.REGISTRIES[name].group)])


def test_each_group_of_entry_points_has_a_table():
    groups = set(re.findall(r'^\[project\.entry-points\."(.*)"\]', read("pyproject.toml"), re.M))
    assert groups == {registry.group for registry in generator("code_tables").REGISTRIES.values()}


def test_environment_variables_are_described():
    named("reference/environment", ENVIRONMENT_VARIABLES)
    for file, _ in product_files(ROOT):
        for name in READ.findall(file.read_text(encoding="utf-8")):
            assert name in ENVIRONMENT_VARIABLES or name in NOT_OURS, f"{name} in {file}"
    with pytest.raises(KeyError, match="describe COPE_WIEGHTS"):
        read_variable("COPE_WIEGHTS")


@pytest.mark.slow  # it imports all rooms, MLflow with them
@pytest.mark.parametrize("page", [p.stem for p in sorted((DOCS / "reference/python").iterdir())])
def test_public_names_are_described(page: str):
    text = filled_page(f"reference/python/{page}")
    package = import_module(page)
    for name in package.__all__:
        assert f"## {name}\n" in text or inspect.ismodule(getattr(package, name)), name


def test_docstrings_become_markdown():
    doc = "Add.\n\nArgs:\n    n: a number,\n        or two.\n\nRaises:\n    E: never.\n\n>>> 1\n1\n\nEnd."
    assert generator("python_api").markdown(doc) == (
        "Add.\n\n**Args**\n\n- `n`: a number,\n  or two.\n\n**Raises**\n\n- `E`: never.\n\n"
        "```pycon\n>>> 1\n1\n```\n\nEnd."
    )


def test_an_unknown_part_is_refused():
    with pytest.raises(KeyError, match="no such"):
        generator("parts").fill("<!-- generated: no such part -->")


def test_links_between_pages_lead_to_pages():
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), f"{page}: {target}"


def read(name: str) -> str:
    return Path(ROOT / name).read_text(encoding="utf-8")
