"""Replies that were cut, refused or not readable: what they count for, and where they are counted."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from support.commands import done, give_team
from support.imported_recordings import imported
from support.pictures import write_empty_pictures

from cope import Cascade, Team
from cope.eval import Recording, Replay, replay_results
from cope.models.engines.base import response
from cope.models.engines.scripted import ScriptedEngine
from cope.programs.reply_counts import ReplyCounts

PRESET = """
name = "five"
[[rounds]]
reasoner = "small"
samples = 5
temperature = 0.7
threshold = 0.9
[[rounds]]
reasoner = "large"
"""
CUT = "We have 12 eggs and add"
CUT_BEHIND_ITS_ANSWER = "Answer: 18\nBecause 12 eggs and"
REFUSED = "Answer: It cannot be determined from the 4 facts."
UNREAD = "Let me think about it.\nHmm."


class CutEngine(ScriptedEngine):
    """A scripted engine whose replies that end in the middle are cut at the limit of tokens."""

    async def agenerate(self, request: Any) -> Any:
        text = str(self.script([], request))
        cut = text.endswith(("add", "and"))
        finish = "length" if cut else "stop"
        return response(request, text, finish=finish, prompt=3, completion=3)


def team(*replies: str) -> Team:
    """Return a team whose small model gives these replies in turn; the large one says 18."""
    waiting = iter(replies * 20)
    small = CutEngine(lambda messages, request: next(waiting))
    return Team(small, CutEngine(lambda messages, request: "Answer: 18"), cache=False)


@pytest.fixture
def preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "five.toml").write_text(PRESET)
    (tmp_path / "q.jsonl").write_text(json.dumps({"question": "How many?", "answer": "18"}) + "\n")
    return "five.toml"


def test_a_cut_reply_counts_only_with_a_marked_answer(preset: str) -> None:
    replies = (CUT, CUT_BEHIND_ITS_ANSWER, "Answer: 18", "Answer: 18", "Answer: 18")
    program = Cascade(preset, team(*replies), answer_kind="number", early_stop="none")
    first = program(question="How many?").rounds[0]
    assert first["votes"] == {"18": 4}
    assert [sample.get("cut", False) for sample in first["samples"]].count(True) == 2


def test_refusals_never_win_a_vote(preset: str) -> None:
    replies = (REFUSED, REFUSED, REFUSED, REFUSED, "Answer: 18")
    for kind in ("number", "text", "math", "choice", "list", "date", "contains", "exact"):
        program = Cascade(preset, team(*replies), answer_kind=kind, early_stop="none")
        first = program(question="How many?").rounds[0]
        counts = ReplyCounts.of_rounds([first])
        assert counts is not None and counts.refused == 4, kind
        assert set(first["votes"]) <= {"18"}, kind


def test_eval_and_ask_say_how_many_replies_gave_no_answer(
    preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies = (CUT, REFUSED, UNREAD, UNREAD, "Answer: 18")
    give_team(monkeypatch, lambda options: team(*replies))
    says = "replies: 1 cut at the limit of tokens, 1 refused, 2 without a readable answer"
    all_samples = ("--preset", preset, "--early-stop", "none")
    command = ("eval", "jsonl", "--data", "q.jsonl", *all_samples, "--no-track")
    assert says in done(*command).stdout
    document = json.loads(done(*command, "--json").stdout)
    assert document["replies"] == {"cut": 1, "refused": 1, "unread": 2}
    give_team(monkeypatch, lambda options: team(*replies))
    asked = done("ask", "How many?", *all_samples, "--match", "number")
    assert says in asked.stderr
    give_team(monkeypatch, lambda options: team(*replies))
    asked = done("ask", "How many?", *all_samples, "--match", "number", "--json")
    assert json.loads(asked.stdout)["replies"] == {"cut": 1, "refused": 1, "unread": 2}


@pytest.mark.slow
def test_replays_and_comparisons_say_it_too(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = (CUT, REFUSED, UNREAD, UNREAD, "Answer: 18")
    give_team(monkeypatch, lambda options: team(*replies))
    write_empty_pictures(monkeypatch)
    says = "replies: 1 cut at the limit of tokens, 1 refused, 2 without a readable answer"
    counts = {"cut": 1, "refused": 1, "unread": 2}
    done("record", "jsonl", "--data", "q.jsonl", "--preset", preset, "-o", "r.parquet")
    replay = ("eval", "--replay", "r.parquet")
    assert says in done(*replay).stdout
    assert json.loads(done(*replay, "--json").stdout)["replies"] == counts
    fewer = json.loads(done(*replay, "--samples", "2", "--json").stdout)["replies"]
    assert sum(fewer.values()) <= 2
    expected = {"five": counts, "large": {"cut": 0, "refused": 0, "unread": 0}}
    compare = ("compare", "--replay", "r.parquet", "--presets", f"{preset},large")
    assert f"five: {says}" in " ".join(done(*compare).stdout.split())
    assert json.loads(done(*compare, "--json").stdout)["replies"] == expected
    give_team(monkeypatch, lambda options: team(*replies))
    live = ("compare", "jsonl", "--data", "q.jsonl", "--early-stop", "none", "--no-track")
    made = json.loads(done(*live, "--presets", f"{preset},large", "--json").stdout)
    assert made["replies"] == expected


def test_it_is_unknown_of_imported_samples_and_refusals_of_earlier_records(tmp_path: Path) -> None:
    record = imported(tmp_path, 4)
    replayed = replay_results(Replay(record))
    assert len(replayed.results) == 4 and replayed.replies is None
    names = record.table.column_names
    known = pa.array([False] * len(record.table))
    table = record.table.set_column(names.index("reason_truncated"), "reason_truncated", known)
    answers = pa.nulls(len(table), pa.string())
    table = table.set_column(names.index("answer"), "answer", answers).drop_columns(["refused"])
    earlier = replay_results(Replay(Recording(record.manifest, table))).replies
    assert earlier is not None and (earlier.cut, earlier.refused) == (0, 0) and earlier.unread


def test_nothing_is_said_where_all_replies_gave_an_answer(
    preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_team(monkeypatch, lambda options: team("Answer: 18"))
    assert "replies:" not in done("ask", "How many?", "--preset", preset).stderr
    assert ReplyCounts.of_rounds([]) is None
