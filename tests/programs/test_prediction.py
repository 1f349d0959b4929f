"""What a prediction of a cascade keeps of its calls, and how a notebook shows it."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done, give_team

from cope import Cascade, CopeError, Team
from cope.models import Call, ScriptedEngine, use_ledger
from cope.models.ledger import Ledger, read_exchanges

QUESTION = "What is 6 times 7?"


def team(reply: Any = "So.\nAnswer: 42") -> Team:
    return Team(ScriptedEngine(lambda *_: reply), ScriptedEngine(lambda *_: reply), cache=False)


def test_calls_hold_the_exact_messages_settings_and_reply():
    result = Cascade("plan-then-solve", team())(question=QUESTION)
    plan, solution = result.calls
    assert (plan.role, solution.role) == ("plan", "reason")
    assert plan.exchange.messages[-1] == {"role": "user", "content": QUESTION}
    assert solution.exchange.reply == "So.\nAnswer: 42"
    assert f"Question: {QUESTION}" in solution.exchange.messages[-1]["content"]
    assert solution.exchange.settings["temperature"] == 0.0
    assert "calls" not in result.toDict(), "traces would hold each prompt again"


def test_no_address_and_no_key_is_among_the_settings():
    tiers = team()
    more = {"api_key": "sk-secret", "api_base": "http://127.0.0.1:9", "headers": {"a": "b"}}
    tiers["small"].lm.kwargs.update(more)
    (call,) = Cascade("small", tiers)(question=QUESTION).calls
    assert not {"api_key", "api_base", "headers"} & call.exchange.settings.keys()


def test_a_ledger_gives_every_prompt_again_and_stores_each_message_once(tmp_path: Path):
    file = tmp_path / "calls.jsonl"
    for _ in range(2):  # the second time all calls come from the ledger
        ledger = Ledger(file)
        with use_ledger(ledger):
            result = Cascade("cope", team(), early_stop="none")(question=QUESTION)
        ledger.close()
    read = [exchange for _, exchange in read_exchanges(file)]
    sent = [call.exchange for call in result.calls]
    assert sorted(map(repr, read)) == sorted(map(repr, sent)) and len(read) == 16
    stored = (tmp_path / "messages.jsonl").read_text().splitlines()
    assert len(stored) == len(set(stored)) < 2 * len(read)


def test_a_ledger_without_a_message_says_which(tmp_path: Path):
    file = tmp_path / "calls.jsonl"
    ledger = Ledger(file)
    with use_ledger(ledger):
        Cascade("small", team())(question=QUESTION)
    ledger.close()
    (tmp_path / "messages.jsonl").write_text("")
    with pytest.raises(CopeError, match=r"messages\.jsonl has no message \w+"):
        list(read_exchanges(file))


def test_calls_of_an_earlier_version_are_left_out(tmp_path: Path):
    entry = {"key": "k", "call": Call("small", "m").as_dict(), "outputs": ["x"]}
    (tmp_path / "calls.jsonl").write_text(json.dumps(entry) + "\n")
    assert list(read_exchanges(tmp_path / "calls.jsonl")) == []


def test_ask_shows_the_prompts(monkeypatch: pytest.MonkeyPatch):
    give_team(monkeypatch, lambda options: team("\x1b[2J So.\nAnswer: 42"))
    result = done("ask", QUESTION, "--preset", "plan-then-solve", "--show-prompts")
    assert result.stdout == "42\n"
    assert "call 1 of 2: large" in result.stderr and "round 1, reason, sample 0" in result.stderr
    assert f"[user]\n{QUESTION}" in result.stderr and "\\x1b[2J So." in result.stderr
    document = json.loads(cope("ask", QUESTION, "--show-prompts", "--json").stdout)
    assert document["calls"][0]["exchange"]["messages"][-1]["content"] == QUESTION
    assert "calls" not in json.loads(cope("ask", QUESTION, "--json").stdout)


def test_a_notebook_shows_rounds_plans_votes_and_escapes_what_models_wrote():
    result = Cascade("cope", team("<script>x</script>\nAnswer: <b>42</b>"), answer_kind="text")(
        question=QUESTION
    )
    html = result._repr_html_()
    assert "&lt;b&gt;42&lt;/b&gt;" in html and "<script>" not in html
    assert html.count("<tr>") == 1 + len(result.rounds)
    assert "accepted: 1.00 of 0.75" in html and "cost unknown" in html


def test_a_notebook_shows_a_question_without_an_answer():
    html = Cascade("cope", team(""), early_stop="none")(question=QUESTION)._repr_html_()
    assert "no answer" in html and html.count("<tr>") == 4
