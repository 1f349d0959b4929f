"""Every line of a ledger is checked: a wrong value is one line that says which, and never a silent 0."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cope.batch.call_log import CallLog
from cope.errors import CopeError
from cope.eval import RunStore
from cope.models import Call, Ledger
from cope.models.ledger import read_exchanges
from cope.optimize.compiler.round_cache import RoundCache

LINE: dict[str, Any] = {
    "row": 1,
    "key": "k",
    "call": Call("small", "m", 1, "reason", 0, 10, 5, usd=0.1).as_dict(),
    "outputs": ["Answer: 1", {"text": "Answer: 2"}, None],
}
LOST = object()
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("key",), LOST, "key is missing"),
    (("key",), 1, "key is not text"),
    (("call",), None, "call is not an object"),
    (("call",), {}, "call.tier is missing"),
    (("call", "tier"), 1, "call.tier is not text"),
    (("call", "model"), LOST, "call.model is missing"),
    (("call", "round"), -1, "call.round is out of range"),
    (("call", "prompt_tokens"), -3, "call.prompt_tokens is out of range"),
    (("call", "prompt_tokens"), "10", "call.prompt_tokens is not an integer"),
    (("call", "prompt_tokens"), 1.5, "call.prompt_tokens is not an integer"),
    (("call", "prompt_tokens"), LOST, "call.prompt_tokens is missing"),
    (("call", "completion_tokens"), True, "call.completion_tokens is not an integer"),
    (("call", "cached_tokens"), -1, "call.cached_tokens is out of range"),
    (("call", "usd"), "0.1", "call.usd is not a number"),
    (("call", "usd"), -0.1, "call.usd is out of range"),
    (("call", "usd"), float("nan"), "call.usd is out of range"),
    (("call", "usd"), float("inf"), "call.usd is out of range"),
    (("call", "usd"), LOST, "call.usd is missing"),
    (("call", "usd_high"), "1", "call.usd_high is not a number"),
    (("call", "seconds"), -1.0, "call.seconds is out of range"),
    (("call", "machine_seconds"), [], "call.machine_seconds is not a number"),
    (("call", "hit"), 1, "call.hit is not true or false"),
    (("call", "cancelled"), "no", "call.cancelled is not true or false"),
    (("call", "logprob"), float("-inf"), "call.logprob is out of range"),
    (("outputs",), "Answer: 1", "outputs is not a list"),
    (("outputs",), LOST, "outputs is missing"),
    (("outputs", 0), 7, "outputs.0"),
    (("outputs", 1), {"text": 7}, "outputs.1"),
]


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    line = copy.deepcopy(LINE)
    target: Any = line
    for name in path[:-1]:
        target = target[name]
    if value is LOST:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return line


def write(file: Path, *lines: dict[str, Any]) -> Path:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.mark.parametrize(("path", "value", "said"), WRONG)
def test_a_wrong_value_is_named_with_its_line(
    path: tuple[str | int, ...], value: Any, said: str, tmp_path: Path
):
    file = write(tmp_path / "calls.jsonl", LINE, changed(path, value))
    before = file.read_bytes()
    for read in (Ledger, lambda path: CallLog(path, lambda row: False)):
        with pytest.raises(CopeError) as raised:
            read(file)
        message = str(raised.value)
        assert f"calls.jsonl line 2 is not a record of calls ({said}" in message
        assert "take the line out" in message and "\n" not in message
    assert file.read_bytes() == before


def test_a_right_line_is_read_with_keys_of_other_versions(tmp_path: Path):
    newer = changed(("call", "from_tomorrow"), 1) | {"more": [1]}
    ledger = Ledger(write(tmp_path / "calls.jsonl", LINE, newer))
    assert len(ledger.earlier_calls) == 2
    assert Call.from_dict(ledger.earlier_calls[1]).prompt_tokens == 10


def test_the_calls_of_a_stored_run_are_checked(tmp_path: Path):
    store = RunStore({"task": "jsonl", "preset": "p", "models": {}}, tmp_path)
    with store.open():
        pass
    write(store.path / "calls.jsonl", {"key": "k", "call": "x", "outputs": []})
    with pytest.raises(CopeError, match=r"line 1 is not a record of calls \(call is not an obj"):
        list(RunStore.read(store.path).calls())


OUTCOME: dict[str, Any] = {
    "key": "k",
    "accepted": True,
    "plan": None,
    "verdict": {"answer": "4", "confidence": 1.0, "supporters": [0], "votes": {"4": 1}},
    "samples": [
        {
            "index": 0,
            "plan": None,
            "reasoning": "so",
            "answer": "4",
            "trace": [["reasoner", {"question": "2 + 2?"}, {"answer": "4"}]],
            "report": {"outcomes": [{"test": "t", "passed": True}], "seconds": 0.1},
        }
    ],
    "shared": None,
    "calls": [LINE["call"]],
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": 1}, "key is not text"),
        ({"accepted": None}, "accepted is not true or false"),
        ({"verdict": {"answer": "4"}}, "verdict.confidence is missing"),
        ({"verdict": OUTCOME["verdict"] | {"confidence": 2}}, "verdict.confidence is out of range"),
        ({"verdict": OUTCOME["verdict"] | {"votes": {"4": -1}}}, "verdict.votes.4 is out of range"),
        ({"samples": [{}]}, "samples.0.index is missing"),
        (
            {"samples": [OUTCOME["samples"][0] | {"trace": [["__init__", {}, {}]]}]},
            "samples.0.trac",
        ),
        (
            {"samples": [OUTCOME["samples"][0] | {"trace": [["reasoner", 1, {}]]}]},
            "samples.0.trace",
        ),
        (
            {"samples": [OUTCOME["samples"][0] | {"report": {}}]},
            "samples.0.report.outcomes is miss",
        ),
        ({"calls": [LINE["call"] | {"usd": "1"}]}, "calls.0.usd is not a number"),
    ],
)
def test_a_cache_of_rounds_is_checked_too(change: dict[str, Any], said: str, tmp_path: Path):
    RoundCache(write(tmp_path / "rounds.jsonl", OUTCOME)).close()
    file = write(tmp_path / "damaged.jsonl", OUTCOME, OUTCOME | change)
    with pytest.raises(CopeError) as raised:
        RoundCache(file)
    assert f"damaged.jsonl line 2 is not a record of calls ({said}" in str(raised.value)


@pytest.mark.parametrize(
    "line",
    [{}, {"key": 1, "message": {}}, {"key": "k", "message": "x"}, {"key": "k", "message": {}}],
)
def test_a_file_of_messages_is_checked_too(line: dict[str, Any], tmp_path: Path):
    write(tmp_path / "messages.jsonl", line)
    with pytest.raises(CopeError, match=r"messages\.jsonl line 1 is not a record of calls"):
        Ledger(write(tmp_path / "calls.jsonl", LINE))
    with pytest.raises(CopeError, match=r"messages\.jsonl line 1 is not a record of calls"):
        list(read_exchanges(tmp_path / "calls.jsonl"))
