"""What was sent in each call and what came back is in the page of a run: exact, as text, once, and bounded."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.report_sources import HOSTILE, run_in

from cope.models.call import Call
from cope.models.exchange import make_exchange
from cope.report import exchanges, open_source
from cope.report.details import question_parts
from cope.report.exchanges import ExchangePages
from cope.report.page import compress_json


def part_of(folder: Path) -> dict[str, Any]:
    (part,) = question_parts(open_source(folder))
    return part


def test_every_sample_and_plan_of_a_run_has_its_exact_call(tmp_path: Path):
    folder = run_in(tmp_path, "cope", 5)
    part = part_of(folder)
    lines = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    finished = [line for line in lines if line["key"]]
    shown = 0
    for question in part["questions"]:
        (details,) = question["systems"]
        calls = details["calls"]
        assert "calls_left_out" not in details
        shown += len(calls)
        for round_ in details["rounds"]:
            own = [call for call in calls if call["round"] == round_["number"]]
            assert {call["sample"] for call in own if call["role"] == "reason"} == set(
                range(round_["drawn"])
            )
            for call in own:
                texts = [part["messages"][place][1] for place in call["messages"]]
                assert any(question["question"] in text for text in texts)
                assert "temperature" in call["settings"] and call["tier"]
        replies = [call["reply"] for call in calls]
        for sample in question["pools"][0]["samples"]:
            text = sample.get("text") or sample.get("unread") or ""
            assert any(text in reply for reply in replies)
    assert shown == len(finished)
    assert any(
        call["role"] == "plan" for q in part["questions"] for call in q["systems"][0]["calls"]
    )
    messages = [tuple(message) for message in part["messages"]]
    assert len(messages) == len(set(messages)), "a message is there once"
    assert HOSTILE not in compress_json(part), "the page holds no text of a model as HTML"


@pytest.mark.parametrize("damage", ["missing", "empty", "old"])
def test_a_run_without_messages_is_shown_without_calls(tmp_path: Path, damage: str):
    folder = run_in(tmp_path, "small", 3)
    file = folder / "messages.jsonl"
    if damage == "missing":
        file.unlink()
    elif damage == "empty":
        file.write_text("")
    else:
        calls = folder / "calls.jsonl"
        lines = [json.loads(line) for line in calls.read_text().splitlines()]
        for line in lines:
            for name in ("messages", "settings", "question"):
                del line[name]
        calls.write_text("".join(json.dumps(line) + "\n" for line in lines))
    part = part_of(folder)
    assert part["messages"] == [] and len(part["questions"]) == 3
    assert not any("calls" in question["systems"][0] for question in part["questions"])


def test_the_page_is_bounded_and_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchanges, "_MAX_TEXT_CHARS", 10)
    pages = ExchangePages(most=60)
    calls = [
        (
            Call(tier="small", round=1, role="reason", sample=n),
            make_exchange(f"{n}" * 30, {}, ["y"]),
        )
        for n in range(5)
    ]
    details = pages.details(calls)
    assert len(details["calls"]) == 2 and details["calls_left_out"] == 3
    role, text = pages.messages[0]
    assert (role, text) == ("user", "0000000000\n[20 more characters are left out of the page]")
    assert pages.details(calls) == {"calls_left_out": 5}
    assert pages.details([]) == {}


def test_calls_are_in_the_order_of_the_rounds():
    calls = [
        (Call(round=number, role=role, sample=sample), make_exchange("q", {}, ["r"]))
        for number, role, sample in (
            (2, "reason", 0),
            (1, "reason", 1),
            (1, "plan", None),
            (1, "reason", 0),
            (0, "other", None),
        )
    ]
    found = [(call["round"], call["role"]) for call in ExchangePages().details(calls)["calls"]]
    assert found == [(0, "other"), (1, "plan"), (1, "reason"), (1, "reason"), (2, "reason")]


def test_messages_that_are_no_text_are_shown_as_json():
    pages = ExchangePages()
    message = {"role": "user", "content": [{"type": "text", "text": "<b>"}]}
    pages.details([(Call(), make_exchange([message], {"stop": ["\n"]}, []))])
    assert pages.messages == [["user", '[{"type": "text", "text": "<b>"}]']]
