"""Hold today's code against yesterday's files: what users have on their disks goes on working.

The files are in `files`; `make.py` says when they may be made anew.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from golden_documents import shape, steady, within
from world import (
    ASKED,
    FIRST,
    HERE,
    INPUTS,
    READ,
    RESUMED,
    STATE,
    STOPPED,
    copy_yesterday,
    golden,
    opened,
)

LINES = ("records.jsonl", "calls.jsonl", "rounds.jsonl")
FINISHED = {"eval": "eval/jsonl-cope-*", "record": "record/*", "compare": "compare/*/*"}
"""The folders that hold an outcome for each question, by step."""
ANEW = [step for step in dict.fromkeys((*FIRST, *ASKED)) if step != STOPPED]


@pytest.fixture
def yesterday(tmp_path: Path) -> Path:
    """A copy of the working folder that yesterday's commands left."""
    copy_yesterday(tmp_path)
    return tmp_path


def check_document(step: str, document: dict[str, Any]) -> None:
    """Hold a document against yesterday's: no key is lost, none has another type or value."""
    old = golden(step)
    assert within(shape(old), shape(document)), lost(shape(old), shape(document))
    assert within(steady(old), steady(document)), lost(steady(old), steady(document))


def lost(old: Any, new: Any, place: str = "") -> list[str]:
    """Name the places where a new value does not hold all of an old one."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = [f"{place}.{name} is gone" for name in old if name not in new]
        for name in old.keys() & new.keys():
            found += lost(old[name], new[name], f"{place}.{name}")
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [line for n, pair in pairs for line in lost(*pair, f"{place}[{n}]")]
    return [] if old == new else [f"{place}: {old!r} became {new!r}"]


@pytest.mark.parametrize("step", RESUMED)
def test_what_was_done_yesterday_is_not_asked_again(step: str, yesterday: Path):
    with opened(yesterday, answering=False) as world:
        document = world.run(step)
        assert world.asked == 0
        assert not world.loaded or step.startswith("compile"), "no model is loaded to read answers"
    check_document(step, document)


@pytest.mark.parametrize("step", FINISHED)
def test_calls_alone_are_enough_to_go_on_from(step: str, yesterday: Path):
    for folder in (yesterday / STATE).glob(FINISHED[step]):
        if folder.is_dir():
            (folder / "records.jsonl").unlink()
    with opened(yesterday, answering=False) as world:
        document = world.run(step)
        assert world.asked == 0
    check_document(step, document)


@pytest.mark.parametrize("step", READ)
def test_what_yesterdays_files_say_is_the_same(step: str, yesterday: Path):
    with opened(yesterday, answering=False) as world:
        document = world.run(step)
        assert world.asked == 0
    if step == "doctor":
        check_doctor(document)
        return
    if step == "models":  # the catalog may grow at its end
        document["local"] = document["local"][: len(golden("models")["local"])]
    check_document(step, document)


def check_doctor(document: dict[str, Any]) -> None:
    """Hold the checks' names and keys against yesterday's; what they find is the machine's."""
    old = golden("doctor")
    assert within(shape(old), shape(document)), lost(shape(old), shape(document))
    assert [row["name"] for row in document["checks"]] == [row["name"] for row in old["checks"]]
    assert {row["status"] for row in document["checks"]} <= {"ok", "note", "missing"}


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A working folder in which all that writes files was done anew, and the documents of that."""
    folder = tmp_path_factory.mktemp("today")
    for name in INPUTS:
        shutil.copy(HERE / name, folder)
    with opened(folder) as world:
        documents = {step: world.run(step) for step in ANEW}
    return folder, documents


@pytest.mark.parametrize("step", ANEW)
def test_a_new_run_says_what_yesterdays_did(step: str, today: tuple[Path, dict[str, Any]]):
    check_document(step, today[1][step])


FOLDER = golden(STOPPED)["folder"].replace(STATE, "state")
NAMES = sorted(file.relative_to(HERE).as_posix() for file in HERE.rglob("*") if file.is_file())
KEPT = [name for name in NAMES if name not in INPUTS and not name.startswith(FOLDER)]


@pytest.mark.parametrize("name", KEPT)
def test_a_new_run_writes_what_yesterdays_did(name: str, today: tuple[Path, dict[str, Any]]):
    old, new = HERE / name, today[0] / name.replace("state/", f"{STATE}/", 1)
    assert new.exists(), f"nothing is written to {name} any more"
    before, after = content(old), content(new)
    assert within(before, after), lost(before, after)


def content(file: Path) -> Any:
    """Read what a file holds, without what differs between two runs."""
    if file.suffix == ".parquet":
        return table(file)
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        return steady(json.loads(text))
    if file.suffix == ".jsonl":
        rows = [steady(json.loads(line)) for line in text.splitlines()]
        # Questions are asked side by side, and end in any order.
        return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return text


def table(file: Path) -> dict[str, Any]:
    """Read a record's columns, their types, and what it says of itself."""
    read = parquet.read_table(file)
    types = {field.name: str(field.type) for field in read.schema}
    columns = {name: read.column(name).to_pylist() for name in read.column_names}
    said = {name.decode(): json.loads(text) for name, text in read.schema.metadata.items()}
    return {"types": types, "columns": steady(columns), "said": steady(said)}
