"""The store of a run: one writer, one reader, and files of other versions."""

import json
from pathlib import Path
from typing import Any

import pytest

from cope.errors import CopeError
from cope.eval import QuestionResult, RunStore
from cope.eval.run.store import find_runs
from cope.models import Call, Ledger

SETTINGS: dict[str, Any] = {"task": "jsonl", "preset": "cope", "models": {}}


def result(key: str, **values: Any) -> QuestionResult:
    return QuestionResult(key, f"q{key}", "?", "1", **values)


def stored(root: Path, *results: QuestionResult) -> RunStore:
    store = RunStore(SETTINGS, root)
    with store.open():
        for one in results:
            store.add(one)
    return store


def append(store: RunStore, text: str) -> None:
    with store.results_file.open("a") as file:
        file.write(text)


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path):
    one, other = result("a", answer="1", score=1.0, usd=0.5), result("b", error="gone")
    store = stored(tmp_path, one, other)
    run = RunStore.read(store.path)
    assert run.settings == SETTINGS and run.path == store.path
    assert run.results == {"a": one, "b": other}
    assert run.answered == {"a": one}
    assert list(run.calls()) == []


@pytest.mark.parametrize("answer_first", [True, False])
def test_an_answer_replaces_a_failure_and_not_the_other_way_round(
    tmp_path: Path, answer_first: bool
):
    answer = result("a", answer="1")
    order = [result("a", error="gone"), answer]
    store = stored(tmp_path, *sorted(order, key=lambda one: (one is answer) != answer_first))
    assert RunStore.read(store.path).results == {"a": answer}
    with store.open():
        assert store.results == {"a": answer}, "a run that is resumed sees the same"


def test_results_of_another_version_are_read(tmp_path: Path):
    store = stored(tmp_path)
    append(store, json.dumps({**vars(result("a", answer="1")), "from_tomorrow": [1]}) + "\n")
    older = vars(result("b", answer="2")).copy()
    del older["feedback"], older["rounds"], older["error"]
    append(store, json.dumps(older) + "\n")
    expected = {"a": result("a", answer="1"), "b": result("b", answer="2")}
    assert RunStore.read(store.path).results == expected
    with store.open():
        assert store.results == expected
    assert "from_tomorrow" in store.results_file.read_text(), "resuming a run loses no key"


def test_a_run_that_is_being_written_is_read_and_left_alone(tmp_path: Path):
    store = RunStore(SETTINGS, tmp_path)
    with store.open():
        assert RunStore.read(store.path).results == {}
        store.add(result("a", answer="1"))
        append(store, '{"key": "b", "id"')
        line = {"key": "k", "call": Call("small", "m").as_dict(), "outputs": []}
        (store.path / "calls.jsonl").write_text(json.dumps(line) + '\n{"key')
        before = {file: file.read_bytes() for file in store.path.iterdir()}
        run = RunStore.read(store.path)
        assert list(run.results) == ["a"]
        assert [call["key"] for call in run.calls()] == ["k"]
        assert {file: file.read_bytes() for file in store.path.iterdir()} == before
    store.results_file.unlink()
    (store.path / "calls.jsonl").unlink()
    run = RunStore.read(store.path)
    assert (run.results, list(run.calls())) == ({}, [])


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", '{"settings": 1}', '{"settings": {"task": "jsonl"}}']
)
def test_a_folder_that_is_no_run_gives_one_error(tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(CopeError, match="is not a folder of `cope eval`: its run.json is missing"):
        RunStore.read(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CopeError, match="is not a folder of `cope eval`"):
        RunStore.read(tmp_path / "file")


@pytest.mark.parametrize(
    ("line", "message"), [("{}", "is no record of `cope eval`"), ("no JSON", "is damaged")]
)
def test_lines_that_are_no_results_give_one_error(tmp_path: Path, line: str, message: str):
    store = stored(tmp_path)
    append(store, f"{line}\n")
    with pytest.raises(CopeError, match=message):
        _ = RunStore.read(store.path).results
    with pytest.raises(CopeError, match=message), store.open():
        pass


def test_only_accepted_results_count_and_the_others_stay_in_the_file(tmp_path: Path):
    store = stored(tmp_path, result("a", answer="1"), result("b", answer="2"))
    with store.open(accept=lambda one: one.answer == "2"):
        assert list(store.results) == ["b"]
    with store.open():
        assert list(store.results) == ["a", "b"]
    with store.open(fresh=True):
        assert store.results == {}


def test_the_ledger_is_made_by_the_factory_and_closed(tmp_path: Path):
    class Counting(Ledger):
        closed = 0

        def close(self) -> None:
            Counting.closed += 1
            super().close()

    store = RunStore(SETTINGS, tmp_path)
    with store.open(ledger_factory=Counting):
        assert isinstance(store.ledger, Counting) and not Counting.closed
    assert Counting.closed == 1


def test_runs_are_found_by_their_settings(tmp_path: Path):
    run = stored(tmp_path)
    with RunStore({**SETTINGS, "preset": "large"}, tmp_path).open():
        pass
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "run.json").write_text("[1")
    assert [found.path for found in find_runs(tmp_path, preset="cope")] == [run.path]
    assert len(list(find_runs(tmp_path, task="jsonl"))) == 2


def test_the_earlier_name_of_a_result_still_works():
    assert QuestionResult is QuestionResult
