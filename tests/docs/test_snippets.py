"""The commands of all pages have options that exist, and all Python compiles."""

import ast
import doctest
from pathlib import Path

import click
import pytest
from support.documentation import PAGES, ROOT
from support.pages import check_options, commands, shows_a_form, snippets

ALL = [*PAGES, ROOT / "README.md", ROOT / "benchmarks" / "README.md", ROOT / "CONTRIBUTING.md"]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", ALL, ids=name_of)
def test_options_exist_and_python_compiles(page: Path):
    for snippet in snippets(page):
        for command in snippet.commands:
            try:
                check_options(command)
            except click.UsageError as error:
                pytest.fail(f"{command}: {error.format_message()}")
        if snippet.language == "python" and ">>>" not in snippet.text:
            ast.parse(snippet.text)


@pytest.mark.parametrize(
    "wrong",
    [
        "cope eval gsm8k --presets small",
        "cope evaluate gsm8k",
        "cope models push x",
        "cope calibrate r.parquet --loss harmful",
    ],
)
def test_a_wrong_option_is_found(wrong: str):
    with pytest.raises(click.UsageError):
        check_options(wrong)


def test_commands_are_found_in_their_forms():
    text = (
        "cope ask a  # why\ncat q | cope run - -o a\nKEY=x cope ask b\nuv run cope doctor\n"
        "pip install uv && uv run cope ask c\ncope eval x \\\n  --limit 2\ncope: no command\n"
        "result of cope ask\n"
    )
    assert len(commands(text)) == 6 and "--limit 2" in commands(text)[-1]
    assert shows_a_form("cope eval x --preset PRESET") and shows_a_form("cope eval x --limit N")
    assert not shows_a_form('cope ask "Is NASA HERE?" --task code')


@pytest.mark.parametrize("page", [p for p in PAGES if "\n>>> " in p.read_text()], ids=name_of)
def test_examples_give_what_they_show(page: Path):
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted and not result.failed
