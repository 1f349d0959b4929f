"""A damaged file of any kind is one clear line: no traceback, nothing lost, never a silent result."""

import copy
import json
import random
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from support.pictures import leave_pages_without_pictures

from cope.cli.context import AppContext
from cope.cli.main import app
from cope.eval.recording.schema import METADATA_KEY
from cope.util.hashing import digest

from .world import HERE, opened

VALUES: list[Any] = [
    None,
    -1,
    1e308,
    float("nan"),
    True,
    "x",
    "\ud800",
    "../../x",
    [],
    {},
    [{}],
    {"a": {"b": [1]}},
]
RUN = "state/eval/jsonl-small-15ed32c9"
REPORT = "report {} -o page.html --no-track --json"
CASES: dict[str, tuple[str, list[str]]] = {
    "results": (f"{RUN}/records.jsonl", [REPORT.format(RUN)]),
    "run": (f"{RUN}/run.json", [REPORT.format(RUN)]),
    "calibration": (
        "chosen.json",
        ["eval --replay many.parquet --calibration chosen.json --no-track"],
    ),
    "program": ("shots.json", ["show shots.json", "diff small shots.json"]),
    "ensemble": ("voting.json", ["show voting.json"]),
    "neighbours": ("knn.json", ["show knn.json"]),
    "record": ("many.parquet", ["eval --replay many.parquet --no-track"]),
    "comparison": (
        "state/compare/jsonl-cd6c1586/comparison.json",
        [REPORT.format("state/compare/jsonl-cd6c1586")],
    ),
    "samples": ("samples.jsonl", ["import samples.jsonl --small s --large l -o x.parquet"]),
}

COMPILE = (
    "compile jsonl --data parts.jsonl --no-track --yes --resume --preset small "
    "--optimizer copro --objective pareto -o words.json --runs state/compile"
)
RESUMED = {
    "calls": (
        f"{RUN}/calls.jsonl",
        "eval jsonl --data q.jsonl --no-track --early-stop none --preset small --runs state/eval",
    ),
    "calls of a comparison": (
        "state/compare/jsonl-cd6c1586/jsonl-large-1840c11c/calls.jsonl",
        "compare jsonl --data q.jsonl --no-track --early-stop none --presets answer-cascade,large "
        "--samples 2 --group book --runs state/compare",
    ),
    "calls of a compile": ("state/compile/jsonl-small-copro-74cd913f/calls.jsonl", COMPILE),
    "rounds of a compile": ("state/compile/jsonl-small-copro-74cd913f/rounds.jsonl", COMPILE),
}
"""Files that the same command reads to go on, and may write to."""


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within plain data."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    found = [path] if path else []
    for name, item in items:
        found += paths_in(item, (*path, name))
    return found


def damage(document: Any, draw: random.Random) -> Any:
    """Return a copy with one value removed or replaced."""
    document = copy.deepcopy(document)
    *parents, last = draw.choice(paths_in(document))
    target = document
    for name in parents:
        target = target[name]
    if draw.random() < 0.3:
        del target[last]
    else:
        target[last] = draw.choice(VALUES)
    return document


def rewrite(file: Path, change: Callable[[Any], Any], draw: random.Random) -> None:
    """Damage a file, and sign it again where its content has a digest."""
    if file.suffix == ".parquet":
        table = pq.read_table(file)
        metadata = dict(table.schema.metadata)
        metadata[METADATA_KEY] = json.dumps(change(json.loads(metadata[METADATA_KEY]))).encode()
        pq.write_table(table.replace_schema_metadata(metadata), file)
    elif file.suffix == ".jsonl":
        lines = file.read_text().splitlines()
        place = draw.randrange(len(lines))
        lines[place] = json.dumps(change(json.loads(lines[place])))
        file.write_text("\n".join(lines) + "\n")
    else:
        document = change(json.loads(file.read_text()))
        if "digest" in document:
            document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
        file.write_text(json.dumps(document))


@pytest.mark.parametrize("kind", CASES)
def test_a_damaged_file_is_one_clear_line(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name, commands = CASES[kind]
    draw = random.Random(kind)
    here = tmp_path / "here"
    shutil.copytree(HERE, here)
    monkeypatch.chdir(here)
    leave_pages_without_pictures(monkeypatch)
    original = (here / name).read_bytes()
    for _ in range(5):
        rewrite(here / name, lambda document: damage(document, draw), draw)
        damaged = (here / name).read_bytes()
        for command in commands:
            result = CliRunner().invoke(app, shlex.split(command))
            assert result.exit_code in (0, 1, 2), (command, result)
            assert "unexpected" not in result.stderr, (command, result.stderr, damaged[:4000])
            if result.exit_code == 1:
                errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
                assert len(errors) == 1
            assert (here / name).read_bytes() == damaged, "reading changed the file"
        (here / name).write_bytes(original)


@pytest.mark.slow
@pytest.mark.parametrize("kind", RESUMED)
def test_a_damaged_file_of_an_interrupted_command_is_one_clear_line(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    name, command = RESUMED[kind]
    draw = random.Random(kind)
    here = tmp_path / "here"
    shutil.copytree(HERE, here)
    original = (here / name).read_bytes()
    for _ in range(6):
        rewrite(here / name, lambda document: damage(document, draw), draw)
        damaged = (here / name).read_bytes()
        with opened(here) as world:
            context = AppContext(make_team=world.team, load_models=lambda *args, **kwargs: None)
            result = CliRunner().invoke(app, shlex.split(command), obj=context)
        assert "unexpected" not in result.stderr, (result.stderr, damaged[:4000])
        assert result.exit_code in (0, 1), result
        if result.exit_code == 1:
            assert f"{name} line " in result.stderr, result.stderr
        (here / name).write_bytes(original)
