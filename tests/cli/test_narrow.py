"""Every command that prints tables, on terminals of 60, 80 and 100 columns: all numbers of a wide one are there, whole."""

import re
import shlex
import shutil
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from support.sweeps import sweep

from cope.cli import output
from cope.cli.display import results
from cope.cli.main import app

FILES = Path(__file__).parents[1] / "golden" / "files" / "here"
COMMANDS = [
    "eval --replay jsonl-cope.parquet --price small=1/2 --price large=1000/2000",
    "compare --replay jsonl-cope.parquet --price small=1/2 --price large=1000/2000",
    "import samples.jsonl --small s --large l --group topic -o imported.parquet",
    "calibrate many.parquet --harm 0.3 --delta 0.4 -o c.json",
    "calibrate samples.parquet --harm 0.2 --sequence split --risk-report --stop-report -o c.json",
    "show voting.json",
    "show cope",
    "diff shots.json knn.json",
    "models list",
]
# A number with its sign, unit, currency or range.
NUMBER = re.compile(r"[-+$(]*\d[\d,.]*%?(?: to [-+$]*\d[\d,.]*%?)?")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    shutil.copytree(FILES, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    return folder


def printed(command: str, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(output, "terminal_width", lambda stream: width)
    monkeypatch.setattr("cope.cli.commands.models.terminal_width", lambda stream: width)
    console = Console
    monkeypatch.setattr(
        results,
        "Console",
        lambda **_: console(width=width, force_terminal=True, color_system=None),
    )
    result = CliRunner().invoke(app, shlex.split(command))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("widths", [(60,), pytest.param((80, 100), marks=pytest.mark.slow)])
@sweep("command", COMMANDS, every=3)
def test_numbers_are_whole_at_every_width(
    command: str, widths: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
):
    wide = Counter(NUMBER.findall(printed(command, 400, monkeypatch)))
    assert command.startswith(("show", "diff")) or sum(wide.values()) > 5
    for width in widths:
        text = printed(command, width, monkeypatch)
        assert not wide - Counter(NUMBER.findall(text)), text
        long = [line for line in text.splitlines() if len(line) > width]
        assert not [line for line in long if " " in line.strip()], long
